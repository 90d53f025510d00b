// express-github-webhook behind body-parser, as its README has it.
const express = require("express");
const bodyParser = require("body-parser");
const GithubWebHook = require("express-github-webhook");

const webhookHandler = GithubWebHook({ path: "/webhooks", secret: process.env.CLIENT_SECRET });
const app = express();
app.use(bodyParser.json());
app.use(webhookHandler);
webhookHandler.on("*", (event, repo, data) => {});
webhookHandler.on("error", (err, req, res) => {});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
