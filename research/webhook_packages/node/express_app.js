// A sound receiver in Express. It shares no code with what tries it.
const express = require("express");
const { decide } = require("./sound.js");

const app = express();

app.head("/webhooks", (request, response) => response.sendStatus(200));
app.post("/webhooks", express.raw({ type: () => true, limit: "1mb" }), async (request, response) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  response.sendStatus(await decide(body, request.get("X-Hub-Signature")));
});
app.use((request, response) => response.sendStatus(405));
// Without a handler of errors Express shows a stack trace to whoever caused one.
app.use((error, request, response, next) => response.sendStatus(error.status ?? 500));

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
