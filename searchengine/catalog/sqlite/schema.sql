-- Written by scripts/write_schema.py from the steps in migrations/versions; not edited by hand.

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE space (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	token VARCHAR NOT NULL,
	model VARCHAR NOT NULL,
	weights VARCHAR NOT NULL,
	dim INTEGER NOT NULL,
	precision VARCHAR NOT NULL,
	fingerprint VARCHAR NOT NULL,
	spec JSON NOT NULL,
	state VARCHAR NOT NULL,
	created_at DATETIME NOT NULL
, regions BOOLEAN DEFAULT 0 NOT NULL);

CREATE TABLE content (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	hash BLOB NOT NULL,
	size BIGINT NOT NULL,
	width INTEGER NOT NULL,
	height INTEGER NOT NULL,
	format VARCHAR NOT NULL,
	taken_at DATETIME,
	camera VARCHAR,
	lens VARCHAR,
	focal_length DOUBLE,
	latitude DOUBLE,
	longitude DOUBLE,
	perceptual_hash BLOB,
	flags JSON NOT NULL,
	shown BOOLEAN NOT NULL, duration DOUBLE,
	CONSTRAINT uq_content_hash UNIQUE (hash)
);

CREATE INDEX ix_content_size ON content (size);

CREATE INDEX ix_content_taken_at ON content (taken_at);

CREATE TABLE file (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	root_id INTEGER NOT NULL,
	path BLOB NOT NULL,
	size BIGINT NOT NULL,
	mtime_ns BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	error VARCHAR,
	content_id INTEGER,
	CONSTRAINT uq_file_root_id_path UNIQUE (root_id, path),
	CONSTRAINT ck_file_failed_has_no_content CHECK (state <> 'failed' OR content_id IS NULL),
	CONSTRAINT ck_file_live_has_content CHECK (state NOT IN ('indexed', 'missing') OR content_id IS NOT NULL),
	CONSTRAINT fk_file_root_id FOREIGN KEY(root_id) REFERENCES root (id),
	CONSTRAINT fk_file_content_id FOREIGN KEY(content_id) REFERENCES content (id)
);

CREATE INDEX ix_file_content_id ON file (content_id);

CREATE INDEX ix_file_not_indexed ON file (state) WHERE state <> 'indexed';

CREATE TABLE embedding (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	content_id INTEGER NOT NULL,
	space_id INTEGER NOT NULL,
	part INTEGER NOT NULL,
	vector BLOB NOT NULL, seconds DOUBLE, box JSON,
	CONSTRAINT uq_embedding_content_id_space_id_part UNIQUE (content_id, space_id, part),
	CONSTRAINT fk_embedding_content_id FOREIGN KEY(content_id) REFERENCES content (id),
	CONSTRAINT fk_embedding_space_id FOREIGN KEY(space_id) REFERENCES space (id)
);

CREATE TABLE change (
	sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	space_id INTEGER NOT NULL,
	embedding_id INTEGER NOT NULL,
	shown BOOLEAN NOT NULL,
	mark INTEGER NOT NULL
);

CREATE INDEX ix_change_space_sequence ON change (space_id, sequence);

CREATE TABLE run (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	started_at DATETIME NOT NULL,
	finished_at DATETIME,
	outcome VARCHAR NOT NULL,
	counts JSON NOT NULL
);

CREATE TABLE "root" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	path BLOB NOT NULL,
	seen_at DATETIME,
	CONSTRAINT uq_root_path UNIQUE (path)
);

CREATE INDEX ix_content_format ON content (format);

CREATE INDEX ix_content_camera ON content (camera);

CREATE INDEX ix_content_lens ON content (lens);

CREATE INDEX ix_content_latitude ON content (latitude);

CREATE INDEX ix_embedding_parts ON embedding (space_id, id) WHERE part > 0;

CREATE TABLE calibration (
	space_id INTEGER NOT NULL,
	bank BLOB NOT NULL,
	sample BLOB NOT NULL,
	words JSON NOT NULL,
	pictures JSON NOT NULL,
	digest VARCHAR NOT NULL,
	images INTEGER NOT NULL,
	CONSTRAINT pk_calibration PRIMARY KEY (space_id),
	CONSTRAINT fk_calibration_space_id FOREIGN KEY(space_id) REFERENCES space (id)
);

CREATE TABLE content_text (
	content_id INTEGER NOT NULL,
	title VARCHAR,
	caption VARCHAR,
	keywords JSON NOT NULL,
	place VARCHAR,
	rating INTEGER,
	CONSTRAINT pk_content_text PRIMARY KEY (content_id),
	CONSTRAINT fk_content_text_content_id FOREIGN KEY(content_id) REFERENCES content (id)
);

CREATE INDEX ix_content_text_rating ON content_text (rating);

CREATE TABLE sidecar (
	file_id INTEGER NOT NULL,
	stamp VARCHAR NOT NULL,
	title VARCHAR,
	caption VARCHAR,
	keywords JSON NOT NULL,
	place VARCHAR,
	rating INTEGER,
	CONSTRAINT pk_sidecar PRIMARY KEY (file_id),
	CONSTRAINT fk_sidecar_file_id FOREIGN KEY(file_id) REFERENCES file (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_sidecar_rating ON sidecar (rating);

CREATE VIRTUAL TABLE text_index USING fts5(path, said, tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE ocr_text (
	content_id INTEGER NOT NULL,
	text VARCHAR NOT NULL,
	CONSTRAINT pk_ocr_text PRIMARY KEY (content_id),
	CONSTRAINT fk_ocr_text_content_id FOREIGN KEY(content_id) REFERENCES content (id)
);

CREATE INDEX ix_content_hidden ON content (id) WHERE shown = 0;

CREATE VIEW path_text AS SELECT id, CAST(path AS TEXT) AS path FROM file;

CREATE VIRTUAL TABLE path_index USING fts5(path, content = 'path_text', content_rowid = 'id', tokenize = 'trigram', detail = none, columnsize = 0);

CREATE TRIGGER path_comes AFTER INSERT ON file BEGIN INSERT INTO path_index (rowid, path) VALUES (new.id, CAST(new.path AS TEXT)); END;

CREATE TRIGGER path_goes AFTER DELETE ON file BEGIN INSERT INTO path_index (path_index, rowid, path) VALUES ('delete', old.id, CAST(old.path AS TEXT)); END;

CREATE TRIGGER path_turns AFTER UPDATE OF path ON file WHEN old.path <> new.path BEGIN INSERT INTO path_index (path_index, rowid, path) VALUES ('delete', old.id, CAST(old.path AS TEXT)); INSERT INTO path_index (rowid, path) VALUES (new.id, CAST(new.path AS TEXT)); END;

CREATE TABLE label (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT uq_label_name UNIQUE (name)
);

CREATE TABLE label_example (
	label_id INTEGER NOT NULL,
	content_id INTEGER NOT NULL,
	shows BOOLEAN NOT NULL,
	CONSTRAINT pk_label_example PRIMARY KEY (label_id, content_id),
	CONSTRAINT fk_label_example_label_id FOREIGN KEY(label_id) REFERENCES label (id),
	CONSTRAINT fk_label_example_content_id FOREIGN KEY(content_id) REFERENCES content (id)
);

CREATE INDEX ix_label_example_content_id ON label_example (content_id);

CREATE TABLE label_concept (
	label_id INTEGER NOT NULL,
	space_id INTEGER NOT NULL,
	weights BLOB NOT NULL,
	bias DOUBLE NOT NULL, recognised INTEGER, told_apart INTEGER,
	CONSTRAINT pk_label_concept PRIMARY KEY (label_id, space_id),
	CONSTRAINT fk_label_concept_label_id FOREIGN KEY(label_id) REFERENCES label (id),
	CONSTRAINT fk_label_concept_space_id FOREIGN KEY(space_id) REFERENCES space (id)
);

CREATE TABLE caption (
	content_id INTEGER NOT NULL,
	text VARCHAR NOT NULL,
	method VARCHAR NOT NULL,
	model VARCHAR NOT NULL,
	CONSTRAINT pk_caption PRIMARY KEY (content_id),
	CONSTRAINT fk_caption_content_id FOREIGN KEY(content_id) REFERENCES content (id)
);

INSERT INTO alembic_version VALUES ('0011');
