// github-webhook-handler on Node's own server, as its README has it.
const http = require("http");
const createHandler = require("github-webhook-handler");

const handler = createHandler({ path: "/webhooks", secret: process.env.CLIENT_SECRET });
const server = http.createServer((req, res) => {
  handler(req, res, (err) => {
    res.statusCode = 404;
    res.end("no such location");
  });
});
handler.on("error", (err) => {});
handler.on("ping", (event) => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
