-- Run once, on an empty volume: a database for each service. In production they are on three servers.
CREATE DATABASE intake;
CREATE DATABASE funding;
CREATE DATABASE reporting;
