# gapwatch in a container. Build it from a clone, after `npm run bundle`, which leaves gapwatch.mjs:
#
#   npm run bundle && docker build -t gapwatch .
#   docker run -d --name gapwatch --network host --restart unless-stopped \
#     -v /etc/gapwatch:/etc/gapwatch:ro -v gapwatch:/data gapwatch
#
# A monitor inside a container ends with its daemon: what happens while that daemon restarts is then unobserved. Run this one on another
# machine than the daemon that it watches, or with live-restore, or run gapwatch beside Docker and not in it.
#
# The host's network is meant: on a network of its own the container sees other ways to the services than their clients do. Where it
# has to be one, let the feed listen for others, with a token or for all: ... gapwatch serve --listen 0.0.0.0:9720 --public
FROM node:22-slim
COPY gapwatch.mjs /usr/local/lib/gapwatch.mjs
# The user `node` of that image.
RUN install -d -o 1000 -g 1000 -m 700 /data
USER 1000:1000
VOLUME /data
EXPOSE 9720
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:9720/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/usr/local/lib/gapwatch.mjs"]
CMD ["serve", "--config", "/etc/gapwatch/services.json", "--data", "/data"]
