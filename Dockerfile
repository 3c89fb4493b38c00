# No build step and no npm at run time: the dependencies are installed once, and node runs the TypeScript as it stands.
FROM node:24-alpine AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-alpine
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn*
WORKDIR /app
ENV NODE_ENV=production PORT=8080 NODE_COMPILE_CACHE=/app/.compile-cache
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY config ./config
COPY handlers ./handlers
COPY routes ./routes
COPY src ./src
# Fills the compile cache: the first start of a container is then as quick as any.
RUN node --input-type=module -e "await import('/app/src/app.ts'); await import('/app/config/load.ts'); await import('/app/handlers/customer-upsert/index.ts')" \
  && chown -R node:node .compile-cache
USER node
EXPOSE 8080
CMD ["node", "src/main.ts"]
