import type { ComponentProps } from "preact";

/** One that submits no form. */
export function Button(props: ComponentProps<"button">) {
  return <button {...props} type="button" />;
}
