/** How much of `max` there is, or of one; what is beyond an end counts as at it. `mark`: so much is needed. */
export function Meter({
  label,
  value,
  max = 1,
  mark = null,
  isPoor,
  text,
}: {
  readonly label: string;
  readonly value: number;
  readonly max?: number;
  readonly mark?: number | null;
  readonly isPoor: boolean;
  readonly text: string;
}) {
  const at = (part: number) => `${Math.max(0, Math.min(1, part / max)) * 100}%`;
  return (
    <div
      class={`meter ${isPoor ? "poor" : ""}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={text}
    >
      <span class="fill" style={{ width: max === 0 ? 0 : at(value) }} />
      {mark !== null && <span class="tick" style={{ left: at(mark) }} />}
    </div>
  );
}
