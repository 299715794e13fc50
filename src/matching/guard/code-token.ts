const EXTENSION =
  /^[\w-]{1,80}\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|c|h|cc|cpp|hpp|cs|php|swift|sh|bat|ps1|sql|json|ya?ml|toml|ini|env|xml|html?|css|scss|md|txt|csv|tsv|log|pdf|docx?|xlsx?|pptx?|png|jpe?g|gif|svg|mp[34]|wav|zip|tar|gz|exe|dll|so|ipynb|parquet|lock|conf|cfg)$/i;
/** Longer chunks without a space are no words of a language that is written with spaces. */
const LONGEST_WORD = 60;

/**
 * Whether a chunk between spaces is code rather than language: a URL, path, flag, version, file, identifier, address,
 * expression. Each pattern is anchored and without nested repetition: linear.
 */
export function isCodeToken(chunk: string): boolean {
  if (chunk.length > LONGEST_WORD) return /[\w/=+.:-]{40}/.test(chunk.slice(0, 80));
  if (/^(?:https?:\/\/|www\.)/i.test(chunk)) return true;
  if (/^--[A-Za-z][\w-]*(?:=.*)?$/.test(chunk) || /^-[A-Za-z]{1,3}$/.test(chunk)) return true;
  if (/^v?\d+(?:\.\d+){2,}(?:-[\w.]+)?$/i.test(chunk) || /^v\d+(?:\.\d+)*$/i.test(chunk)) return true;
  if (/^(?:~|\.{1,2})?\/[\w.~-]/.test(chunk) || /^[A-Za-z]:\\/.test(chunk) || chunk.split("/").length > 3) return true;
  if (/\/[\w-]+\.\w+$/.test(chunk) || EXTENSION.test(chunk)) return true;
  if (/[A-Za-z0-9]_[A-Za-z0-9]/.test(chunk) || /[{}<>=\\|^~]|::|->|\(\)|\w\[/.test(chunk)) return /\w/.test(chunk);
  if (/^[A-Za-z_$][\w$]*\([^)]*\)?$/.test(chunk)) return !/\((?:s|es|ies|are|d|ed)\)?$/.test(chunk);
  // Operators of a search: site:example.org, author:ann.
  if (
    /^-?(?:site|author|in|intitle|inurl|from|to|type|filetype|lang|language|tag|label|is|has|user|repo|file|filename|ext|path|org|before|after|since|until):[^\s:].*$/i.test(
      chunk,
    )
  )
    return true;
  if (/^[\w.+-]+@[\w-]/.test(chunk) || /^[$@][A-Za-z_]\w*$/.test(chunk)) return true;
  // Dotted names (os.path, google.com), but neither "e.g." nor a full stop without its space ("help.I").
  return /^[a-z_]\w+(?:\.[a-z_]\w+)+$/.test(chunk) || /^[A-Z]\w+(?:\.[A-Za-z_]\w+){1,}$/.test(chunk);
}
