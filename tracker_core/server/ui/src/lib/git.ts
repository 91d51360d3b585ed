/** Git's remotes as addresses of web pages, and its patches as lines to be drawn. */

/** The page of a repository. Only for what reads as one on the web: the remote is data that a run brought. */
export function repository(remote: string): string | null {
  const shape =
    /^(?:https?:\/\/(?:[^@/]*@)?|(?:ssh|git):\/\/(?:[\w.-]+@)?|[\w.-]+@)([\w.-]+)(?::\d+(?=\/))?[/:]+(~?[\w.~/-]+?)(?:\.git)?\/*$/;
  const [, host, path] = shape.exec(remote.trim()) ?? [];
  if (!host?.includes(".") || !path) return null;
  if (host === "ssh.dev.azure.com") {
    const [version, owner, project, name] = path.split("/");
    return version === "v3" && name ? `https://dev.azure.com/${owner}/${project}/_git/${name}` : null;
  }
  if (host.startsWith("git-codecommit.")) return null;
  return `https://${host}/${path}`;
}

/** The page of a commit, in the form that the repository's host has for it. */
export function commitPage(remote: string, commit: string): string | null {
  const page = repository(remote);
  if (page === null || !/^[0-9a-f]{7,64}$/.test(commit)) return null;
  const host = new URL(page).hostname;
  if (host === "bitbucket.org") return `${page}/commits/${commit}`;
  if (host.startsWith("gitlab.") || host.includes(".gitlab.")) return `${page}/-/commit/${commit}`;
  return `${page}/commit/${commit}`; // GitHub, Gitea, Forgejo, Azure, SourceHut
}

export type Line = { kind: "add" | "remove" | "same" | "hunk" | "note"; old: number; now: number; text: string };
export type Change = { path: string; added: number; removed: number; lines: Line[] };

/** The files of a patch. Line numbers are 0 where a line has none. */
export function patch(text: string): Change[] {
  const found: Change[] = [];
  let current: Change | null = null;
  let [old, now] = [0, 0];
  let [oldLeft, nowLeft] = [0, 0];
  for (const line of text.split("\n")) {
    const inside = oldLeft > 0 || nowLeft > 0;
    if (!inside && line.startsWith("diff --git ")) {
      current = {
        path: /^diff --git (?:"?a\/(.+?)"?) "?b\//.exec(line)?.[1] ?? line.slice(11),
        added: 0,
        removed: 0,
        lines: [],
      };
      found.push(current);
      continue;
    }
    if (!current) continue;
    const hunk = inside ? null : /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/.exec(line);
    if (hunk) {
      [old, now] = [Number(hunk[1]), Number(hunk[3])];
      [oldLeft, nowLeft] = [Number(hunk[2] ?? 1), Number(hunk[4] ?? 1)];
      current.lines.push({ kind: "hunk", old: 0, now: 0, text: hunk[5]!.trim() || `line ${now}` });
    } else if (inside && line.startsWith("+")) {
      current.added++;
      nowLeft--;
      current.lines.push({ kind: "add", old: 0, now: now++, text: line.slice(1) });
    } else if (inside && line.startsWith("-")) {
      current.removed++;
      oldLeft--;
      current.lines.push({ kind: "remove", old: old++, now: 0, text: line.slice(1) });
    } else if (inside && !line.startsWith("\\")) {
      oldLeft--;
      nowLeft--;
      current.lines.push({ kind: "same", old: old++, now: now++, text: line.slice(1) });
    } else if (/^(new file|deleted file|rename |similarity|Binary|old mode|new mode|\\)/.test(line)) {
      current.lines.push({ kind: "note", old: 0, now: 0, text: line.replace(/^\\ /, "") });
    }
  }
  return found;
}
