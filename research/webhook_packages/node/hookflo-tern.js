// @hookflo/tern: its custom configuration, with Intercom's header, hash and prefix; raw bytes.
const express = require("express");
const { WebhookVerificationService } = require("@hookflo/tern");

const config = {
  platform: "custom",
  secret: process.env.CLIENT_SECRET,
  signatureConfig: {
    algorithm: "hmac-sha1",
    headerName: "x-hub-signature",
    headerFormat: "prefixed",
    prefix: "sha1=",
    payloadFormat: "raw",
  },
};
const app = express();
app.post("/webhooks", express.raw({ type: "*/*" }), async (req, res) => {
  const init = { method: "POST", headers: req.headers, body: req.body };
  const request = new Request("http://127.0.0.1/webhooks", init);
  const result = await WebhookVerificationService.verify(request, config);
  return res.sendStatus(result.isValid ? 200 : 401);
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
