import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // The service has to know the page's origin (CORS_ORIGIN), so the port is always the same.
  server: { port: 5173, strictPort: true },
});
