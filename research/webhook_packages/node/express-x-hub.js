// express-x-hub: the middleware first, then body-parser and method-override, as its README has it.
const express = require("express");
const bodyParser = require("body-parser");
const methodOverride = require("method-override");
const xhub = require("express-x-hub");

const app = express();
app.use(xhub({ algorithm: "sha1", secret: process.env.CLIENT_SECRET }));
app.use(bodyParser.json());
app.use(methodOverride());
app.post("/webhooks", (req, res) => {
  if (req.isXHub && req.isXHubValid()) return res.json({ success: "X-Hub Is Valid" });
  return res.status(400).json({ error: "X-Hub Is Invalid" });
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
