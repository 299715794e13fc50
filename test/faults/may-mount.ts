import { execFileSync } from "node:child_process";
import { makeFolder } from "./child.ts";

/** Small and read-only disks are made by mounting, which only root may, and not in every container. */
export const mayMount = (() => {
  if (process.platform !== "linux") return false;
  const folder = makeFolder("mount");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path], { stdio: "ignore" });
    execFileSync("umount", [folder.path], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("Skipped: full and read-only disks, because nothing may be mounted here\n");
    return false;
  } finally {
    folder.remove();
  }
})();
