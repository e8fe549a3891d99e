# Corridor in a container: Node, the production dependencies, and the source (Node strips the types).
# Mount the folder of your own rooms at /app/rooms. The data is in /data.
FROM node:26-slim

WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data

COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force && mkdir /data && chown node:node /data
COPY LICENSE ./
COPY src ./src
COPY public ./public
COPY rooms ./rooms

USER node
EXPOSE 3000
VOLUME /data

# The server is alive while it drains; /readyz says whether it accepts new peers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}${(process.env.BASE_PATH || '').replace(/\\/$/, '')}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Node itself is the process, so SIGTERM reaches it and it drains.
CMD ["node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=8", "src/main.ts", "start"]
