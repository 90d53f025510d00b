// x-hub-signature: its README shows the class alone; the raw body is what it asks for.
const express = require("express");
const XHubSignature = require("x-hub-signature");

const x = new XHubSignature("sha1", process.env.CLIENT_SECRET);
const app = express();
app.post("/webhooks", express.raw({ type: "application/json" }), (req, res) => {
  if (!x.verify(req.get("X-Hub-Signature"), req.body)) return res.sendStatus(401);
  return res.sendStatus(200);
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
