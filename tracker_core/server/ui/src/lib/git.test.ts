import { describe, expect, it } from "vitest";
import { commitPage, patch, repository } from "./git";

const COMMIT = "b5c9659312eeda94252205652011da36299df6ab";

describe("repository", () => {
  it.each([
    ["https://github.com/one/two.git", "https://github.com/one/two"],
    ["https://***@github.com/one/two", "https://github.com/one/two"],
    ["git@github.com:one/two.git", "https://github.com/one/two"],
    ["ssh://git@git.example.org:2222/team/deep/two.git", "https://git.example.org/team/deep/two"],
    ["git://git.example.org/two.git/", "https://git.example.org/two"],
    ["git@gitlab.com:group/sub/two.git", "https://gitlab.com/group/sub/two"],
    ["git@git.sr.ht:~one/two", "https://git.sr.ht/~one/two"],
    ["git@ssh.dev.azure.com:v3/org/project/two", "https://dev.azure.com/org/project/_git/two"],
  ])("%s", (remote, page) => expect(repository(remote)).toBe(page));

  it.each([
    "",
    "/srv/git/two.git",
    "../two",
    "file:///srv/two",
    "javascript:alert(1)",
    "https://github.com/a b",
    "host:two",
  ])("is nothing for %s", (remote) => expect(repository(remote)).toBeNull());
});

describe("commitPage", () => {
  it("follows each host's form", () => {
    expect(commitPage("git@github.com:a/b.git", COMMIT)).toBe(`https://github.com/a/b/commit/${COMMIT}`);
    expect(commitPage("git@gitlab.com:a/b.git", COMMIT)).toBe(`https://gitlab.com/a/b/-/commit/${COMMIT}`);
    expect(commitPage("https://gitlab.example.org/a/b", COMMIT)).toBe(
      `https://gitlab.example.org/a/b/-/commit/${COMMIT}`,
    );
    expect(commitPage("git@bitbucket.org:a/b.git", COMMIT)).toBe(`https://bitbucket.org/a/b/commits/${COMMIT}`);
    expect(commitPage("https://codeberg.org/a/b.git", COMMIT)).toBe(`https://codeberg.org/a/b/commit/${COMMIT}`);
  });
  it("is nothing for what is no commit", () => expect(commitPage("git@github.com:a/b.git", "main")).toBeNull());
});

describe("patch", () => {
  const text = [
    "diff --git a/train.py b/train.py",
    "index 111..222 100644",
    "--- a/train.py",
    "+++ b/train.py",
    "@@ -1,3 +1,4 @@ def main():",
    " import os",
    "-lr = 0.1",
    "+lr = 0.2",
    "+-- not a header",
    " end",
    "\\ No newline at end of file",
    "diff --git a/new file b/new file",
    "new file mode 100644",
    "@@ -0,0 +1 @@",
    "+--- a/odd",
    "",
  ].join("\n");

  it("counts and numbers the lines of every file", () => {
    const [train, odd] = patch(text);
    expect([train!.path, train!.added, train!.removed]).toEqual(["train.py", 2, 1]);
    expect(train!.lines.map((line) => [line.kind, line.old, line.now, line.text])).toEqual([
      ["hunk", 0, 0, "def main():"],
      ["same", 1, 1, "import os"],
      ["remove", 2, 0, "lr = 0.1"],
      ["add", 0, 2, "lr = 0.2"],
      ["add", 0, 3, "-- not a header"],
      ["same", 3, 4, "end"],
      ["note", 0, 0, "No newline at end of file"],
    ]);
    expect([odd!.path, odd!.added, odd!.lines.at(-1)!.text]).toEqual(["new file", 1, "--- a/odd"]);
  });

  it("is empty for what is no patch", () => expect(patch("hello\n+there")).toEqual([]));
});
