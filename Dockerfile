# docker build -t mlutils . && docker run --rm -i mlutils mlprep check <table.csv
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential libcsv-dev \
	libopenblas-dev libjansson-dev libsodium-dev pkg-config
COPY . /src
WORKDIR /src
RUN make -j"$(nproc)" && make install DESTDIR=/out PREFIX=/usr/local

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libcsv3 libopenblas0-pthread \
	libjansson4 libsodium23 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/usr/local /usr/local
USER nobody
WORKDIR /data
