// A sound receiver in Fastify. It shares no code with what tries it.
const fastify = require("fastify");
const { decide } = require("./sound.js");

const app = fastify({ bodyLimit: 1_000_000 });

// Every body stays raw bytes: Fastify's own parsers would read JSON before it is verified.
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => done(null, body));
app.head("/webhooks", (request, reply) => reply.send());
app.post("/webhooks", async (request, reply) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  return reply.code(await decide(body, request.headers["x-hub-signature"])).send();
});

app.listen({ port: 0, host: "127.0.0.1" }).then(() => console.log(app.server.address().port));
