import type { Socket } from 'node:net';

/**
 * A handshake is a millisecond of this thread. Some at a time, with everybody else heard in between, cost those who are connected a
 * few milliseconds; all that come at once, as libuv would have it, cost them seconds, and end when the first have waited too long.
 */
const HANDSHAKES_A_TURN = 8;

/**
 * Lets TLS handshakes begin in the order in which their first words came, a few in each turn of the event loop. Who has not said
 * anything costs nothing and is closed after `silentMs`; who gave up while waiting is forgotten, instead of being worked for in vain.
 */
export function handshakesInTurn(begin: (socket: Socket) => void, silentMs: number): (socket: Socket) => void {
  /** What each of them has said. */
  const waiting = new Map<Socket, Buffer>();
  let underWay = false;

  function turn(): void {
    let left = HANDSHAKES_A_TURN;
    for (const [socket, hello] of waiting) {
      if (left-- === 0) break;
      waiting.delete(socket);
      socket.off('close', gaveUp);
      // A TLS socket takes what its TCP socket has already read, and does its work in this turn.
      socket.unshift(hello);
      begin(socket);
    }
    underWay = waiting.size > 0;
    if (underWay) setImmediate(turn);
  }

  function gaveUp(this: Socket): void {
    waiting.delete(this);
  }

  function saidSomething(this: Socket): void {
    const hello: Buffer | null = this.read();
    if (hello === null) return;
    this.off('readable', saidSomething);
    this.off('timeout', this.destroy);
    this.setTimeout(0);
    waiting.set(this, hello);
    if (!underWay) setImmediate(turn);
    underWay = true;
  }

  return (socket) => {
    socket.on('error', socket.destroy);
    socket.on('close', gaveUp);
    socket.on('readable', saidSomething);
    socket.on('timeout', socket.destroy);
    socket.setTimeout(silentMs);
  };
}
