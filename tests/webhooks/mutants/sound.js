// A sound receiver in Node, without a framework. The mutants are made of it by replacing pieces.
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");

const secret = process.env.CLIENT_SECRET;
const LARGEST = 1_000_000;
const seen = new Set();

function isGenuine(request, body) {
  const claims = request.headersDistinct["x-hub-signature"] ?? [];
  if (claims.length !== 1) return false;
  const claimed = Buffer.from(claims[0], "latin1");
  const expected = Buffer.from("sha1=" + crypto.createHmac("sha1", secret).update(body).digest("hex"));
  return claimed.length === expected.length && crypto.timingSafeEqual(claimed, expected);
}

function processed(body) {
  let document;
  try {
    document = JSON.parse(body);
  } catch {
    return 400;
  }
  if (document === null || typeof document !== "object") return 400;
  const key = crypto.createHash("sha256").update(body).digest("hex");
  if (!seen.has(key)) {
    seen.add(key);
    act(document);
  }
  return 200;
}

// Whoever observes the receiver reads the ids from a file.
function act(document) {
  if (process.env.PROCESSED) fs.appendFileSync(process.env.PROCESSED, `${document.id}\n`);
}

function delivery(request, body) {
  if (!isGenuine(request, body)) return 401;
  return processed(body);
}

const server = http.createServer((request, response) => {
  const answer = (status) => response.writeHead(status, { connection: "close" }).end();
  if (request.method === "HEAD") return answer(200);
  if (request.method !== "POST") return answer(405);
  const chunks = [];
  let size = 0;
  request.on("data", (chunk) => {
    size += chunk.length;
    if (size <= LARGEST) chunks.push(chunk);
  });
  request.on("end", () => {
    if (size > LARGEST) return answer(413);
    answer(delivery(request, Buffer.concat(chunks)));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
