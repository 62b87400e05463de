import React, { useMemo, useState } from "react";
import type { Line } from "./lines";

interface Props {
  lines: Line[];
  onRemove: (id: string) => void;
}

/** What a customer is about to buy. */
export function Basket({ lines, onRemove }: Props) {
  const [open, setOpen] = useState(true);
  const total = useMemo(() => lines.reduce((sum, line) => sum + line.price * line.count, 0), [lines]);

  if (lines.length === 0) {
    return <p className="empty">Nothing here yet.</p>;
  }

  return (
    <section className="basket">
      <button onClick={() => setOpen(!open)}>{open ? "Hide" : "Show"}</button>
      {open && (
        <ul>
          {lines.map((line) => (
            <li key={line.id}>
              <span>{line.title}</span>
              <span>{(line.price * line.count).toFixed(2)}</span>
              <button onClick={() => onRemove(line.id)}>Remove</button>
            </li>
          ))}
        </ul>
      )}
      <strong>{total.toFixed(2)}</strong>
    </section>
  );
}
