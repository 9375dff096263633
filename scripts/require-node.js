// Plain JavaScript, since it is for versions of Node that cannot read TypeScript.
const [major] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    [
      `Millrace runs on Node 24 or later, and this is Node ${process.versions.node} (${process.platform}-${process.arch}).`,
      "`npm ci` installs a Node 24 beside the other packages, which npm's scripts then use: run `npm ci` without",
      "`--omit=optional`, and start things through npm (`npm start`, `npm test`). Where there is no such package for this",
      "platform, install Node 24 yourself.",
    ].join("\n"),
  );
  process.exit(1);
}
