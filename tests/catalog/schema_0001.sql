BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE change (
	sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	space_id INTEGER NOT NULL, 
	embedding_id INTEGER NOT NULL, 
	shown BOOLEAN NOT NULL, 
	mark INTEGER NOT NULL
);
INSERT INTO "change" VALUES(1,1,1,1,1278480524);
INSERT INTO "change" VALUES(2,1,2,1,1278480524);
INSERT INTO "change" VALUES(3,1,3,1,1278480524);
INSERT INTO "change" VALUES(4,1,4,1,1278480524);
INSERT INTO "change" VALUES(5,1,1,0,738450336);
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
	shown BOOLEAN NOT NULL, 
	CONSTRAINT uq_content_hash UNIQUE (hash)
);
INSERT INTO "content" VALUES(1,X'0F85C349AEA59519A0B789CD367537EFDD25DA781C6F22C8BF2B881B3FFB726D',991,40,30,'JPEG',NULL,NULL,NULL,NULL,NULL,NULL,X'F2C738ABDC512255','[]',0);
INSERT INTO "content" VALUES(2,X'A16FBFAD81D0096C377EF195AA483E1650B10931060BCF6815AE7080A8E9F7E2',976,40,30,'JPEG',NULL,NULL,NULL,NULL,NULL,NULL,X'D81E8EB749C9B648','[]',1);
INSERT INTO "content" VALUES(3,X'8D9DC6B6123B901503AD2B885D7CF75DA441C0AEB698AEFDA13EC1CC89C450DB',975,40,30,'JPEG',NULL,NULL,NULL,NULL,NULL,NULL,X'3191C627896F76D8','[]',1);
INSERT INTO "content" VALUES(4,X'32D4D1872E260EF8E0A6A8781B0841E703AAF4B5107FA58F5809DF09B8491FC5',2558,40,30,'PNG',NULL,NULL,NULL,NULL,NULL,NULL,X'C6B27076969B698A','[]',1);
CREATE TABLE embedding (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	content_id INTEGER NOT NULL, 
	space_id INTEGER NOT NULL, 
	part INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT uq_embedding_content_id_space_id_part UNIQUE (content_id, space_id, part), 
	CONSTRAINT fk_embedding_content_id FOREIGN KEY(content_id) REFERENCES content (id), 
	CONSTRAINT fk_embedding_space_id FOREIGN KEY(space_id) REFERENCES space (id)
);
INSERT INTO "embedding" VALUES(1,1,1,0,X'983562346432C230D8336C355D3472348B35653468340E36');
INSERT INTO "embedding" VALUES(2,2,1,0,X'BE358B3411345E3409343C34EC33923431356235BB343434');
INSERT INTO "embedding" VALUES(3,3,1,0,X'EE3272351C347A349C3467346635D334683496346034FB34');
INSERT INTO "embedding" VALUES(4,4,1,0,X'2A35003638351835A93485344432A03155347C344734CF34');
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
INSERT INTO "file" VALUES(2,1,X'747269702F632E6A7067',976,1795427548042083331,'indexed',NULL,2);
INSERT INTO "file" VALUES(3,1,X'612E6A7067',975,1795427548021423069,'indexed',NULL,3);
INSERT INTO "file" VALUES(4,1,X'622E706E67',2558,1795427548041474717,'indexed',NULL,4);
INSERT INTO "file" VALUES(5,1,X'6261642E6A7067',10,1795427548042575640,'failed','not a picture: text',NULL);
INSERT INTO "file" VALUES(6,1,X'747269702F636F70792E6A7067',975,1795427548042513827,'indexed',NULL,3);
CREATE TABLE root (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	path BLOB NOT NULL, 
	CONSTRAINT uq_root_path UNIQUE (path)
);
INSERT INTO "root" VALUES(1,X'2F70686F746F73');
CREATE TABLE run (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	outcome VARCHAR NOT NULL, 
	counts JSON NOT NULL
);
INSERT INTO "run" VALUES(1,'2026-11-23 09:00:00','2026-11-23 09:00:01','done','{"seen": 6, "added": 5, "updated": 0, "moved": 0, "removed": 0, "missing": 0, "unchanged": 0, "failed": 1, "duration_s": 1.927, "stages": {"scan": 0.0, "plan": 0.0, "load": 0.0, "encode": 0.0, "commit": 0.024, "read": 0.613, "snapshot": 0.178}}');
INSERT INTO "run" VALUES(2,'2026-11-23 09:00:00','2026-11-23 09:00:01','done','{"seen": 5, "added": 0, "updated": 0, "moved": 0, "removed": 1, "missing": 0, "unchanged": 4, "failed": 1, "duration_s": 0.042, "stages": {"scan": 0.0, "plan": 0.0, "snapshot": 0.011}}');
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
);
INSERT INTO "space" VALUES(1,'c0a45eff06c3099d','small','0000000000000000000000000000000000000000000000000000000000000000',12,'float32','6c61ea803b405764','{"name": "small", "weights": "0000000000000000000000000000000000000000000000000000000000000000", "dim": 12, "preprocessing": {"size": [16, 16], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "resize_mode": "squash", "fill_color": 0}, "context_length": 77, "logit_scale": 100.0, "logit_bias": null}','active','2026-11-23 09:00:00');
CREATE INDEX ix_content_size ON content (size);
CREATE INDEX ix_content_taken_at ON content (taken_at);
CREATE INDEX ix_file_content_id ON file (content_id);
CREATE INDEX ix_file_not_indexed ON file (state) WHERE state <> 'indexed';
CREATE INDEX ix_change_space_sequence ON change (space_id, sequence);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('root',1);
INSERT INTO "sqlite_sequence" VALUES('run',2);
INSERT INTO "sqlite_sequence" VALUES('space',1);
INSERT INTO "sqlite_sequence" VALUES('content',4);
INSERT INTO "sqlite_sequence" VALUES('embedding',4);
INSERT INTO "sqlite_sequence" VALUES('file',6);
INSERT INTO "sqlite_sequence" VALUES('change',5);
COMMIT;
