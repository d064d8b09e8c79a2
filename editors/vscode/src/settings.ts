/** What the settings of an editor say to the server. It knows nothing of VS Code, so that it can be tested alone. */

export interface Settings {
  get<T>(name: string): T | undefined;
}

export interface Command {
  command: string;
  args: string[];
}

/** How the server is started; settings that make no sense are as good as none. */
export function serverCommand(settings: Settings): Command {
  const words = settings.get<unknown>("command");
  const said = Array.isArray(words) ? words.filter((word): word is string => typeof word === "string") : [];
  const [command, ...args] = said.length > 0 ? said : ["sncompile", "lsp"];
  return { command: command!, args };
}

/** What the server is told at its start: texts alone. */
export function initializationOptions(settings: Settings): Record<string, Record<string, string>> {
  return { data: texts(settings.get("data")), set: texts(settings.get("set")) };
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) {
    return {};
  }
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

/** Which documents the server is told of: those of the language, and YAML files. It passes over files that are no specs. */
export const documentSelector = [
  { scheme: "file", language: "sncompile" },
  { scheme: "file", language: "yaml" },
];
