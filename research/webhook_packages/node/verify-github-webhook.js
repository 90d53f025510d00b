// verify-github-webhook: its README signs JSON.stringify of an object, so a parser stands before it.
const express = require("express");
const verifyGithubWebhook = require("verify-github-webhook").default;

const app = express();
app.post("/webhooks", express.json(), (req, res) => {
  const payload = JSON.stringify(req.body);
  if (!verifyGithubWebhook(req.get("X-Hub-Signature"), payload, process.env.CLIENT_SECRET)) {
    return res.sendStatus(401);
  }
  return res.sendStatus(200);
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
