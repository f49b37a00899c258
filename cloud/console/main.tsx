import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { follow } from './feed/follow.ts';
import { createServerClock } from './feed/server-clock.ts';
import { createStore } from './feed/store.ts';
import { keepTheme } from './theme.ts';
import './style/tokens.css';
import './style/page.css';
import './style/parts.css';
import './style/alarms.css';

keepTheme();
const store = createStore();
const clock = createServerClock();
follow(store, clock);
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App store={store} clock={clock} />
  </StrictMode>,
);
