import { useEffect, useState } from 'react';

/** The browser's UTC ms, renewed every second: the page's own sense that time passes. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
