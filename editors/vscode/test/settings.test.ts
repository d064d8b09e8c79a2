import assert from "node:assert";
import { test } from "node:test";

import { initializationOptions, serverCommand } from "../src/settings";

function settings(values: Record<string, unknown>) {
  return { get: <T>(name: string) => values[name] as T | undefined };
}

test("the server is started as the settings say", () => {
  assert.deepStrictEqual(serverCommand(settings({})), { command: "sncompile", args: ["lsp"] });
  assert.deepStrictEqual(serverCommand(settings({ command: [] })), { command: "sncompile", args: ["lsp"] });
  assert.deepStrictEqual(serverCommand(settings({ command: "sncompile" })), { command: "sncompile", args: ["lsp"] });
  assert.deepStrictEqual(serverCommand(settings({ command: ["uv", "run", "sncompile", "lsp"] })), {
    command: "uv",
    args: ["run", "sncompile", "lsp"],
  });
});

test("data roots and parameters are handed on as texts", () => {
  assert.deepStrictEqual(initializationOptions(settings({ data: { images: "/data" }, set: { size: 3 } })), {
    data: { images: "/data" },
    set: { size: "3" },
  });
  assert.deepStrictEqual(initializationOptions(settings({ data: null, set: "no" })), { data: {}, set: {} });
});
