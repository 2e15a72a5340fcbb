// Call a function once the user has stopped typing.

const TYPING_PAUSE = 250; // milliseconds

export function afterPause(action) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(action, TYPING_PAUSE);
  };
}
