import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface TakenMail {
  from: string;
  to: string[];
  data: string;
  login: string | null;
}

/** A small SMTP server (RFC 5321, AUTH PLAIN) that keeps what it takes, and refuses receivers that begin with `no`. */
export async function startMailServer() {
  const mails: TakenMail[] = [];
  const said: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    let rest = '';
    let data: string[] | null = null;
    let mail: TakenMail = { from: '', to: [], data: '', login: null };
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 mail.test ESMTP');
    socket.setEncoding('utf8').on('data', (chunk) => {
      rest += String(chunk);
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== null && line !== '.') data.push(line.replace(/^\.\./, '.'));
        else if (data !== null) {
          mails.push({ ...mail, data: data.join('\n') });
          mail = { ...mail, from: '', to: [] };
          data = null;
          say(`250 2.0.0 taken as ${mails.length}`);
        } else command(line);
      }
    });
    function command(line: string): void {
      said.push(line.split(' ')[0]!);
      if (line.startsWith('EHLO')) say('250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN');
      else if (line.startsWith('AUTH PLAIN ')) {
        const [, user, password] = Buffer.from(line.slice(11), 'base64').toString().split('\0');
        mail.login = `${user}:${password}`;
        say(password === 'right' ? '235 2.7.0 welcome' : '535 5.7.8 the password is wrong');
      } else if (line.startsWith('MAIL FROM')) {
        mail.from = line.slice(11, -1);
        say('250 ok');
      } else if (line.startsWith('RCPT TO:<no')) say('550 5.1.1 nobody here');
      else if (line.startsWith('RCPT TO')) {
        mail.to.push(line.slice(9, -1));
        say('250 ok');
      } else if (line === 'DATA') {
        data = [];
        say('354 go on');
      } else if (line === 'QUIT') {
        say('221 bye');
        socket.end();
      } else say('502 what?');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    said,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
