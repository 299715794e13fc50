import type { TuneReport } from "../../tuning/tune-report.ts";
export function encodeHtmlReport(report: TuneReport): string {
  return JSON.stringify(report);
}
