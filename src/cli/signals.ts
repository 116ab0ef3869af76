/** Resolves when the process is asked to end: Ctrl-C, a service manager, or the parent process going away. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop);
      process.off("disconnect", stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
    process.on("disconnect", stop);
    // The parent may have gone while this process was still starting: that event is not told twice.
    if (process.send !== undefined && !process.connected) stop();
  });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
