/**
 * PM2 on Linux without containers: npm run build && npm run worker && pm2 start ecosystem.config.cjs
 * Settings come from the environment of that command (JWT_SECRET and what docs/deployment.md lists); new ones are taken by
 * pm2 restart ecosystem.config.cjs --update-env. Its log is JSON lines; pm2-logrotate keeps the files small.
 */
module.exports = {
  apps: [
    {
      name: "lastseen",
      cwd: __dirname,
      script: "dist/main.js",
      node_args: "--enable-source-maps",
      // One process: sessions and rooms live in its memory. More machines, not more instances.
      exec_mode: "fork",
      instances: 1,
      // An operator's SIGINT is a graceful stop: clients are told and moved, media freed. It takes 10 s at the most.
      kill_timeout: 15_000,
      // The media workers end with their parent; a signal to them as well would look like their death.
      treekill: false,
      autorestart: true,
      // A wrong configuration gets no better by trying again.
      stop_exit_codes: [78],
      // After a crash: at once, then with growing pauses of up to 15 s.
      exp_backoff_restart_delay: 100,
      max_memory_restart: "1G",
      merge_logs: true,
      env: { NODE_ENV: "production", LASTSEEN_ENV: "production" },
    },
  ],
};
