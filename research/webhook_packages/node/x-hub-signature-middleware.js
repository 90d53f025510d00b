// x-hub-signature-middleware with body-parser and extractRawBody, as its README has it.
const express = require("express");
const bodyParser = require("body-parser");
const { xHubSignatureMiddleware, extractRawBody } = require("x-hub-signature-middleware");

const app = express();
app.use(bodyParser.json({ verify: extractRawBody }));
app.use(xHubSignatureMiddleware({ algorithm: "sha1", secret: process.env.CLIENT_SECRET, require: true }));
app.post("/webhooks", (req, res) => res.sendStatus(200));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
