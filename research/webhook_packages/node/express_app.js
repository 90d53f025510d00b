// A sound receiver in Express. It shares no code with what tries it.
const crypto = require("node:crypto");
const express = require("express");

const secret = process.env.CLIENT_SECRET;
const app = express();

app.head("/webhooks", (request, response) => response.sendStatus(200));
app.post("/webhooks", express.raw({ type: () => true, limit: "1mb" }), (request, response) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const digest = crypto.createHmac("sha1", secret).update(body).digest("hex");
  const claimed = Buffer.from(request.get("X-Hub-Signature") ?? "");
  const expected = Buffer.from(`sha1=${digest}`);
  if (claimed.length !== expected.length || !crypto.timingSafeEqual(claimed, expected)) {
    return response.sendStatus(401);
  }
  try {
    JSON.parse(body);
  } catch {
    return response.sendStatus(400);
  }
  return response.sendStatus(200);
});
app.use((request, response) => response.sendStatus(405));
// Without a handler of errors Express shows a stack trace to whoever caused one.
app.use((error, request, response, next) => response.sendStatus(error.status ?? 500));

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
