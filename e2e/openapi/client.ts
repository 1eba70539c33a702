// client.ts ADDRESS KEY TO: a client whose types were generated from /openapi.json. It sends, reads back and lists; what is
// not as the types say does not compile.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[]; exit(code: number): never };
const [, , baseUrl, key, to] = process.argv;
const kurir = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

// Lists and streams come as texts too; what is asked for here is JSON.
function must<T>(what: string, answer: { data?: T; error?: unknown; response: Response }): Exclude<T, string> {
  if (answer.data === undefined || typeof answer.data === "string") {
    console.error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
    process.exit(1);
  }
  return answer.data as Exclude<T, string>;
}

const sent = must("send", await kurir.POST("/v1/messages", { body: { to: to!, text: "Hello from a generated client", reference: "generated 1" } }));
const id = sent.messages[0]!.id;
let message = must("read", await kurir.GET("/v1/messages/{id}", { params: { path: { id } } }));
for (let i = 0; i < 300 && message.state !== "delivered"; i++) {
  await new Promise<void>((then) => setTimeout(then, 100));
  message = must("read", await kurir.GET("/v1/messages/{id}", { params: { path: { id } } }));
}
const list = must("list", await kurir.GET("/v1/messages", { params: { query: { state: ["delivered"], reference: "generated 1", limit: 10 } } }));

const wrong = await kurir.POST("/v1/messages", { body: { to: "12a", text: "Hello" } });
// @ts-expect-error: a recipient is a text
const mistyped = await kurir.POST("/v1/messages", { body: { to: 7, text: "Hello" } });

console.log(JSON.stringify({
  id, state: message.state, reference: message.reference, listed: list.messages.map((m) => m.id),
  wrong: wrong.error?.code, mistyped: mistyped.error?.code,
}));
