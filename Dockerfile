# One image for every process: `api`, `relay` and `consume` of any service, and `migrate`.
FROM node:24-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY services services
COPY shared/web shared/web
RUN npm run build

FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.image.lock ./
RUN python -m venv /opt/lianqiao/venv \
    && /opt/lianqiao/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.image.lock

FROM python:3.11-slim
ENV PATH=/opt/lianqiao/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin lianqiao
COPY --from=packages /opt/lianqiao/venv /opt/lianqiao/venv
WORKDIR /opt/lianqiao/program
COPY alembic.ini ./
COPY contracts contracts
COPY migrations migrations
COPY lianqiao lianqiao
COPY services services
COPY shared shared
COPY --from=assets /build/shared/web/assets shared/web/assets
USER 10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "lianqiao"]
CMD ["--help"]
