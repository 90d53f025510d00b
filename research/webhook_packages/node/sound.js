// What the sound receivers in Node share: the decision, and what the environment asks for.
const crypto = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");

const secret = process.env.CLIENT_SECRET;
const delay = 1000 * Number(process.env.RECEIVER_DELAY ?? 0);
const refusal = Number(process.env.RECEIVER_REFUSAL ?? 401);
const appId = process.env.RECEIVER_APP_ID ?? "";

async function decide(body, signature) {
  if (delay) await sleep(delay);
  const digest = crypto.createHmac("sha1", secret).update(body).digest("hex");
  const claimed = Buffer.from(signature ?? "");
  const expected = Buffer.from(`sha1=${digest}`);
  if (claimed.length !== expected.length || !crypto.timingSafeEqual(claimed, expected)) return refusal;
  let document;
  try {
    document = JSON.parse(body);
  } catch {
    return 400;
  }
  if (appId && document?.app_id !== appId) return 403;
  return 200;
}

module.exports = { decide };
