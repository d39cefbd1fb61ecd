// The shapes of events and arrows: each kind has one of its own, so that colour is never needed to tell them.

/// The outline of an event's mark around (0, 0), and whether it is filled.
export function markOf(event) {
  const circle = (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  switch (event.kind) {
    case "message": return { d: circle(3), filled: event.step === "request_sent" || event.step === "reply_sent" };
    case "saved": return { d: "M-4 -4H4V4H-4ZM-2 -4V-1H2V-4", filled: false };
    case "applied":
    case "executed": return { d: "M0 -5L5 0L0 5L-5 0Z", filled: true };
    case "installed": return { d: "M0 -5L5 0L0 5L-5 0Z", filled: false };
    case "submitted": return { d: "M-4 -5L5 0L-4 5Z", filled: false };
    case "accepted": return { d: "M-4 -5L5 0L-4 5Z", filled: true };
    case "started":
    case "joined":
    case "resumed": return { d: "M-5 4L0 -5L5 4Z", filled: true };
    case "crashed": return { d: "M-5 -5L5 5M5 -5L-5 5", filled: false, heavy: true };
    case "halted":
    case "left":
    case "paused": return { d: "M-3 -5V5M3 -5V5", filled: false, heavy: true };
    case "link_cut":
    case "way_cut": return { d: "M-5 -2H5M-5 2H5M-3 5L3 -5", filled: false };
    case "link_mended":
    case "way_open": return { d: "M-5 -2H5M-5 2H5", filled: false };
    case "violation": return { d: "M0 -7L2 -2L7 -2L3 1L5 6L0 3L-5 6L-3 1L-7 -2L-2 -2Z", filled: true };
    case "operation_began": return { d: "M4 -5H-2V5H4", filled: false, heavy: true };
    case "operation_ended": return { d: "M-4 -5H2V5H-4", filled: false, heavy: true };
    default: return { d: circle(2.5), filled: false };
  }
}

/// The outline of an arrow between two points. Request: a filled head. Reply: an open head. Refusal: a bar.
/// Lost: a cross before its goal. Duplicate: a double line. Late: a ring on the line.
export function arrowPath(x0, y0, x1, y1, shape, isLate) {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  const at = (along, aside) => {
    const [x, y] = [x0 + dx * along - dy * aside, y0 + dy * along + dx * aside];
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const end = shape === "lost" ? Math.max(8, length * 0.6) : Math.max(0, length - 4);
  const line = shape === "duplicate"
    ? `M${at(4, 1.6)}L${at(end - 3, 1.6)}M${at(4, -1.6)}L${at(end - 3, -1.6)}`
    : `M${at(4, 0)}L${at(end, 0)}`;
  const heads = {
    request: `M${at(end, 0)}L${at(end - 8, 3.5)}L${at(end - 8, -3.5)}Z`,
    duplicate: `M${at(end, 0)}L${at(end - 8, 4.5)}L${at(end - 8, -4.5)}Z`,
    reply: `M${at(end - 7, 4)}L${at(end, 0)}L${at(end - 7, -4)}`,
    refusal: `M${at(end, 5)}L${at(end, -5)}M${at(end - 3, 5)}L${at(end - 3, -5)}`,
    lost: `M${at(end - 4, 4)}L${at(end + 4, -4)}M${at(end - 4, -4)}L${at(end + 4, 4)}`,
  };
  const middle = end / 2;
  const ring = isLate
    ? `M${at(middle - 4, 0)}L${at(middle, 4)}L${at(middle + 4, 0)}L${at(middle, -4)}Z`
    : "";
  return line + heads[shape] + ring;
}
