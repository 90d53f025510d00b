// A sound receiver in Koa. It shares no code with what tries it.
const Koa = require("koa");
const { decide } = require("./sound.js");

const LARGEST = 1_000_000;
const app = new Koa({ asyncLocalStorage: false });
app.silent = true;

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LARGEST) chunks.push(chunk);
  }
  return size > LARGEST ? null : Buffer.concat(chunks);
}

app.use(async (context) => {
  context.body = "";
  if (context.path !== "/webhooks") return (context.status = 404);
  if (context.method === "HEAD") return (context.status = 200);
  if (context.method !== "POST") return (context.status = 405);
  const body = await read(context.req);
  context.status = body === null ? 413 : await decide(body, context.get("X-Hub-Signature"));
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
