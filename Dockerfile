# No build step and no npm at run time: the dependencies are installed once, and node runs the TypeScript as it stands.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
ENV NODE_ENV=production PORT=8080 NODE_COMPILE_CACHE=/tmp/node-compile-cache
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY config ./config
COPY handlers ./handlers
COPY routes ./routes
COPY src ./src
EXPOSE 8080
CMD ["src/main.ts"]
