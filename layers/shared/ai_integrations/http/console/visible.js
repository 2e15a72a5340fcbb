// Run a task for an element when it first becomes visible, a few at a time.

const AT_ONCE = 4;
const tasks = new WeakMap();
const waiting = [];
let running = 0;

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    waiting.push(target);
  }
  start();
});

export function whenVisible(element, task) {
  tasks.set(element, task);
  observer.observe(element);
}

function start() {
  while (running < AT_ONCE && waiting.length) run(waiting.shift());
}

// An element that a newer list replaced has left the page, and its task is not needed.
async function run(element) {
  running += 1;
  if (element.isConnected) await tasks.get(element)();
  running -= 1;
  start();
}
