/**
 * Which scripts a path stands for.
 *
 * @module
 */
import { OptionError } from "./run/config.ts";

/** The file itself, or every `*.pkt` below a directory, sorted. @throws OptionError when there is no such path */
export function findScripts(path: string): string[] {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch {
    throw new OptionError(`no such file or directory: ${path}`);
  }
  return info.isDirectory ? walk(path.replace(/\/+$/, "")).sort() : [path];
}

function walk(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) return walk(path);
    return entry.name.endsWith(".pkt") ? [path] : [];
  });
}
