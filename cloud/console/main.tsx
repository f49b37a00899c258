import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from '@tanstack/react-router';
import { Entrance } from './Entrance.tsx';
import { follow } from './feed/follow.ts';
import { createServerClock } from './feed/server-clock.ts';
import { createStore } from './feed/store.ts';
import { LiveProvider } from './live.tsx';
import { router } from './router.tsx';
import { keepTheme } from './theme.ts';
import './style/tokens.css';
import './style/page.css';
import './style/frame.css';
import './style/parts.css';
import './style/alarms.css';
import './style/sign-in.css';

keepTheme();
const store = createStore();
const clock = createServerClock();
let following = false;
/** From the moment on that somebody may read. */
function read(): void {
  if (!following) follow(store, clock);
  following = true;
}
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Entrance>
      {(who) => {
        read();
        return (
          <LiveProvider source={{ store, clock, who }}>
            <RouterProvider router={router} />
          </LiveProvider>
        );
      }}
    </Entrance>
  </StrictMode>,
);
