BEGIN TRANSACTION;
CREATE TABLE audit_expected (
  source TEXT PRIMARY KEY,            -- INTERCOM_AUDIT_LOG, or the runbook's own log
  log    TEXT NOT NULL                -- the install id in the log's genesis record
) STRICT;
CREATE TABLE audit_heads (
  log      TEXT PRIMARY KEY,          -- the install id in the log's genesis record
  seq      INTEGER NOT NULL,
  hash     TEXT NOT NULL,             -- SHA-256 of the raw line, hex
  noted_at TEXT NOT NULL              -- UTC, ISO 8601
) STRICT;
INSERT INTO "audit_heads" VALUES('42796474-6f36-4cef-96b3-f14bc9be8dbd',5,'3b66fa9c4b713d4be843d9419a42fc7093ccb4b55697424233ba0ef1b6c3e15c','2026-11-24T20:01:53.817075Z');
CREATE TABLE audit_mirror_refusals (
  sink   TEXT NOT NULL,
  log    TEXT NOT NULL,
  seq    INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (sink, log, seq)
) STRICT;
CREATE TABLE audit_mirror_seconds (
  sink   TEXT NOT NULL,
  name   TEXT NOT NULL,
  second INTEGER NOT NULL,            -- Unix time
  PRIMARY KEY (sink, name)
) STRICT;
CREATE TABLE audit_mirrors (
  sink       TEXT NOT NULL,
  log        TEXT NOT NULL,
  seq        INTEGER NOT NULL,        -- the last record that arrived
  attempts   INTEGER NOT NULL,        -- failures since then
  not_before TEXT NOT NULL,           -- UTC; empty: at once
  reason     TEXT NOT NULL,           -- of the last failure; empty: none
  PRIMARY KEY (sink, log)
) STRICT;
CREATE TABLE findings (
  fingerprint TEXT PRIMARY KEY,
  check_id    TEXT NOT NULL,
  status      TEXT NOT NULL,           -- the last verdict
  since       TEXT,                    -- the run that opened the present failure; NULL: not failing
  body        TEXT NOT NULL            -- the last failing finding as JSON; empty: never failed
) STRICT;
INSERT INTO "findings" VALUES('v1:75aa3db8d4f8c7e0857ad2c026618a7a','ENV-001','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:d7fede34b505af80f8c523a389e6e1f7','ENV-001','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:e594db2240f44b1d7dd6a132ce6dc1a6','ENV-001','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:f48a38f725d1aefdb9fc2724c651199b','ENV-001','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:97fa434c4a6a82dc45918521b068c2d7','ENV-001','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:48443cbe17fa1b432aa1bd572b92385f','ENV-001','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:6dfe1047f12562118f1304049e30af1f','ENV-002','NOT_APPLICABLE',NULL,'');
INSERT INTO "findings" VALUES('v1:af33e2b850b655beed2b287b1f8c6c97','ENV-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:4e109a21bb99310d8cc0d7890d06b170','ENV-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:38d2b2e1cf6f3ffa3240b57e1a7fd206','ENV-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:f515f9829f6def0c565bc8f36024a610','ENV-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:116b2398aab5a101431509b0bed91b57','ENV-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:dcb84c7aed64a67bfa917c0c52eb3d60','ENV-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-003","title":"Git ignores env files","fails":"Git does not ignore an env file","step":"environment","status":"FAIL","severity":"high","confidence":"high","effort":"minutes","resource":{"kind":"file","key":".env","name":""},"message":"No rule of .gitignore covers it.","evidence":[],"remediation":["Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and those of each profile.","Or run `./runbook init`, which shows the change first."],"references":["https://git-scm.com/docs/git-check-ignore"],"controls":["ISO 27001 A.8.12","NIST CSF PR.PS-01","CIS 4.1"],"checklist":"env_ignored","incident":false,"fingerprint":"v1:dcb84c7aed64a67bfa917c0c52eb3d60","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:cc9e2ea494b71689353da198f557f8e6','ENV-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-003","title":"Git ignores env files","fails":"Git does not ignore an env file","step":"environment","status":"FAIL","severity":"high","confidence":"high","effort":"minutes","resource":{"kind":"file","key":".env.development.local","name":""},"message":"No rule of .gitignore covers it.","evidence":[],"remediation":["Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and those of each profile.","Or run `./runbook init`, which shows the change first."],"references":["https://git-scm.com/docs/git-check-ignore"],"controls":["ISO 27001 A.8.12","NIST CSF PR.PS-01","CIS 4.1"],"checklist":"env_ignored","incident":false,"fingerprint":"v1:cc9e2ea494b71689353da198f557f8e6","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:2f98b8acc6c26ffdcd96216926942095','ENV-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-003","title":"Git ignores env files","fails":"Git does not ignore an env file","step":"environment","status":"FAIL","severity":"high","confidence":"high","effort":"minutes","resource":{"kind":"file","key":".env.local","name":""},"message":"No rule of .gitignore covers it.","evidence":[],"remediation":["Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and those of each profile.","Or run `./runbook init`, which shows the change first."],"references":["https://git-scm.com/docs/git-check-ignore"],"controls":["ISO 27001 A.8.12","NIST CSF PR.PS-01","CIS 4.1"],"checklist":"env_ignored","incident":false,"fingerprint":"v1:2f98b8acc6c26ffdcd96216926942095","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:ba92b1725253078d9dca47bf255bf988','ENV-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-003","title":"Git ignores env files","fails":"Git does not ignore an env file","step":"environment","status":"FAIL","severity":"high","confidence":"high","effort":"minutes","resource":{"kind":"file","key":".env.production.local","name":""},"message":"No rule of .gitignore covers it.","evidence":[],"remediation":["Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and those of each profile.","Or run `./runbook init`, which shows the change first."],"references":["https://git-scm.com/docs/git-check-ignore"],"controls":["ISO 27001 A.8.12","NIST CSF PR.PS-01","CIS 4.1"],"checklist":"env_ignored","incident":false,"fingerprint":"v1:ba92b1725253078d9dca47bf255bf988","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:5b55644940df85f8b36890da4d00cff6','ENV-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-003","title":"Git ignores env files","fails":"Git does not ignore an env file","step":"environment","status":"FAIL","severity":"high","confidence":"high","effort":"minutes","resource":{"kind":"file","key":".env.staging.local","name":""},"message":"No rule of .gitignore covers it.","evidence":[],"remediation":["Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and those of each profile.","Or run `./runbook init`, which shows the change first."],"references":["https://git-scm.com/docs/git-check-ignore"],"controls":["ISO 27001 A.8.12","NIST CSF PR.PS-01","CIS 4.1"],"checklist":"env_ignored","incident":false,"fingerprint":"v1:5b55644940df85f8b36890da4d00cff6","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:3b0abbea57a42dec45909079f70ca05a','ENV-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:0000dccaf375d23d77504d473857f222','ENV-005','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-005","title":"Env files are readable by their owner only","fails":"Others can read an env file","step":"environment","status":"FAIL","severity":"medium","confidence":"high","effort":"minutes","resource":{"kind":"file","key":"live.env (outside the repository)","name":""},"message":"Others on this machine can read it.","evidence":[{"what":"mode 0644","where":"","place":null}],"remediation":["Run `chmod 600 FILE`."],"references":[],"controls":["ISO 27001 A.8.3","CIS 3.3"],"checklist":"","incident":false,"fingerprint":"v1:0000dccaf375d23d77504d473857f222","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:1917ac50c31b09715ceed574d3501fa6','ENV-006','FAIL','2026-11-24T20:01:27+00:00','{"check":"ENV-006","title":".env.example lists the variables, without values","fails":".env.example holds a value or misses a variable","step":"environment","status":"FAIL","severity":"low","confidence":"high","effort":"minutes","resource":{"kind":"file","key":".env.example","name":""},"message":"The file is missing.","evidence":[],"remediation":["Run `./runbook init`: it adds what .env.example lacks.","If it held a real value, rotate that key."],"references":[],"controls":["ISO 27001 A.8.12","NIST CSF PR.PS-06"],"checklist":"","incident":false,"fingerprint":"v1:1917ac50c31b09715ceed574d3501fa6","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:21dcf761dd31adc8c89d26e2d8f74ce4','ENV-007','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:42870f905506b95f6e900ee1f0237d93','ENV-008','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:7588d99a3a5a4e6d2ee268fbbab56240','ENV-009','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:88f846fc8af1016eb55d9178b08166de','ENV-010','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:9d2090d42c8c653d6793c6f3ad9a869b','ENV-011','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:8df8c3ba5269b774549867862967e998','ENV-012','NOT_APPLICABLE',NULL,'');
INSERT INTO "findings" VALUES('v1:d5e4ad511ae6bf51684a742826867bc1','ENV-012','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:af30c6348a899a3b5af11bd9ed77492b','ENV-012','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:8e380ee6e313380a1d8daba2d7c4cdc9','ENV-012','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:9030bd2bf6a1c04886b0fe1be7731ff1','ENV-012','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:667da9de8897776c2ba5099814481841','ENV-012','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:8fd5b6f20942b19474e09033318df789','ENV-013','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:745229b68fcfecddffe66e5760d7d820','ENV-014','NOT_APPLICABLE',NULL,'');
INSERT INTO "findings" VALUES('v1:3ba14851c47cd50e16fbdc444bea0a60','EXP-001','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:e97b09c01022bf109b209b4c12980e9b','EXP-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:05720cef1e437c2c3464ef6b101504e9','EXP-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:59a15cd6fad55c739ef844c763412ce4','EXP-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:c183e7c45b49931ce93cd377721c4e36','EXP-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:96a7fd23a233f0538f67aa80263edd24','EXP-002','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:d1d3b2cf631e4f7c5f1ace4c3344e678','EXP-003','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:d6210960ea82c22c1c590df238f1e39d','EXP-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:0e51d30d7fdddf0a5b3c06fcdea2d957','EXP-005','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:177bc27048efa0168ad1366ea8fdde6b','EXP-006','FAIL','2026-11-24T20:01:27+00:00','{"check":"EXP-006","title":"A secret scanner runs before each commit or in CI","fails":"No secret scanner guards commits","step":"exposure","status":"FAIL","severity":"low","confidence":"high","effort":"minutes","resource":{"kind":"repository","key":"repository","name":"the repository"},"message":"No hook and no CI job that scans for secrets was found.","evidence":[],"remediation":["Add the hook to .pre-commit-config.yaml: `repo: <this runbook>`, `id: runbook-scan`; then `pre-commit install`.","Or put `runbook scan --staged` into .git/hooks/pre-commit.","Or run `runbook scan --since origin/main` in CI on every merge request."],"references":[],"controls":["ISO 27001 A.8.28","NIST CSF PR.PS-06","CIS 16.1"],"checklist":"","incident":false,"fingerprint":"v1:177bc27048efa0168ad1366ea8fdde6b","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:d04f4ff34293d6015586cedcc276d521','ROT-001','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:c9e13e61773dd63c46eed8d237282d8f','ROT-001','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:e97c013b3d630024584bb1893ec9f452','ROT-001','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-001","title":"Keys are not older than the policy allows","fails":"A key is older than the policy allows","step":"rotation","status":"FAIL","severity":"high","confidence":"high","effort":"hours","resource":{"kind":"credential","key":"INTERCOM_IDENTITY_SECRET","name":""},"message":"395 days old; the limit is 180.","evidence":[{"what":"395 days old, fingerprint 032717e4528fb47c","where":"workspace, 2025-10-25","place":null}],"remediation":["Rotate it: `runbook rotate --help` lists the command for each key.","A person creates the new key: Developer Hub > Your apps > (app) > Test & Publish > Your Workspaces."],"references":[],"controls":["SOC 2 CC6.1","ISO 27001 A.5.17","NIST CSF PR.AA-01"],"checklist":"","incident":false,"fingerprint":"v1:e97c013b3d630024584bb1893ec9f452","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:251b840b91816c81b4a56f89dd236380','ROT-001','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:b98709a57aef7bdf650855e664bad232','ROT-001','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:e2e0ecbd32d3234d12b8aa401dc859aa','ROT-002','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:a58e4910b9bfa36548fbd689117ad743','ROT-002','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:73aa1d8939b76f4086303320d6f9a38b','ROT-002','NOT_APPLICABLE',NULL,'');
INSERT INTO "findings" VALUES('v1:efb17616d24036aa5a31c5db99b4df10','ROT-002','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:ea473bd7a51683fb9e5de3c65008614c','ROT-002','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:4201afdd079aab8404ea54228a5eb2e6','ROT-003','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:61970e051a5714c153d70c40d6b148dd','ROT-003','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:dcae705b7d0617e3eb18a050090bdb29','ROT-003','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:624d34e4316bd19f7f959e1653128872','ROT-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-003","title":"Every regeneration is in the ledger","fails":"A key was regenerated and nobody recorded it","step":"rotation","status":"FAIL","severity":"critical","confidence":"medium","effort":"hours","resource":{"kind":"activity","key":"54d8ccf0-5e07-4d86-bdbd-3a8caa54335f","name":"Ruth Okafor regenerated the access token of Nightly export"},"message":"ruth@example.com created a key on 2026-11-12 02:31 UTC; no rotation was open.","evidence":[{"what":"app_package_token_regeneration","where":"Intercom''s activity log","place":null}],"remediation":["Ask the person in the log whether they did it, and why they did not use the runbook.","If nobody did it, treat it as a break-in: `runbook rotate --compromised`.","Then check in notebook 07 what else that account did.","If it was legitimate, record the reason as a waiver, and rotate with `runbook rotate`."],"references":[],"controls":["SOC 2 CC7.2","ISO 27001 A.8.16","NIST CSF DE.CM-03","CIS 8.11"],"checklist":"","incident":true,"fingerprint":"v1:624d34e4316bd19f7f959e1653128872","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:3b5053adfd1d83769a842868dbe2351d','ROT-003','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:9b37bbf1bddc122ac7933e694c1fd62f','ROT-003','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:67a285c96464fd86f6dcb90de2a24ca5','ROT-003','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-003","title":"Every regeneration is in the ledger","fails":"A key was regenerated and nobody recorded it","step":"rotation","status":"FAIL","severity":"critical","confidence":"medium","effort":"hours","resource":{"kind":"activity","key":"f19f9f0b-d690-4c60-9c5a-ccca469ff653","name":"Maya Lindqvist regenerated the access token of Support automation (development)"},"message":"maya@example.com created a key on 2026-11-04 20:01 UTC; no rotation was open.","evidence":[{"what":"app_package_token_regeneration","where":"Intercom''s activity log","place":null}],"remediation":["Ask the person in the log whether they did it, and why they did not use the runbook.","If nobody did it, treat it as a break-in: `runbook rotate --compromised`.","Then check in notebook 07 what else that account did.","If it was legitimate, record the reason as a waiver, and rotate with `runbook rotate`."],"references":[],"controls":["SOC 2 CC7.2","ISO 27001 A.8.16","NIST CSF DE.CM-03","CIS 8.11"],"checklist":"","incident":true,"fingerprint":"v1:67a285c96464fd86f6dcb90de2a24ca5","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:dd6f7fe520f83dc5dcf6ba92e9a20f77','ROT-004','NOT_APPLICABLE',NULL,'');
INSERT INTO "findings" VALUES('v1:ea7b0a6b482630a24147e11f0a4842e7','ROT-005','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-005","title":"Every key has an owner","fails":"A key has no owner","step":"rotation","status":"FAIL","severity":"medium","confidence":"high","effort":"minutes","resource":{"kind":"credential","key":"INTERCOM_ACCESS_TOKEN","name":""},"message":"The policy names no owner.","evidence":[],"remediation":["Name one in policy.toml: [rotation] owner = \"name@your-company.example\"."],"references":[],"controls":["ISO 27001 A.5.17","NIST CSF PR.AA-01","CIS 5.5"],"checklist":"","incident":false,"fingerprint":"v1:ea7b0a6b482630a24147e11f0a4842e7","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:fb8f2651806c32056ac112f5439485a4','ROT-005','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-005","title":"Every key has an owner","fails":"A key has no owner","step":"rotation","status":"FAIL","severity":"medium","confidence":"high","effort":"minutes","resource":{"kind":"credential","key":"INTERCOM_CLIENT_SECRET","name":""},"message":"The policy names no owner.","evidence":[],"remediation":["Name one in policy.toml: [rotation] owner = \"name@your-company.example\"."],"references":[],"controls":["ISO 27001 A.5.17","NIST CSF PR.AA-01","CIS 5.5"],"checklist":"","incident":false,"fingerprint":"v1:fb8f2651806c32056ac112f5439485a4","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:8fc2affd79f9749a9b411e39981c851f','ROT-005','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-005","title":"Every key has an owner","fails":"A key has no owner","step":"rotation","status":"FAIL","severity":"medium","confidence":"high","effort":"minutes","resource":{"kind":"credential","key":"INTERCOM_IDENTITY_SECRET","name":""},"message":"The policy names no owner.","evidence":[],"remediation":["Name one in policy.toml: [rotation] owner = \"name@your-company.example\"."],"references":[],"controls":["ISO 27001 A.5.17","NIST CSF PR.AA-01","CIS 5.5"],"checklist":"","incident":false,"fingerprint":"v1:8fc2affd79f9749a9b411e39981c851f","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:2136e73f9376bb8e389c51d93b52b980','ROT-005','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-005","title":"Every key has an owner","fails":"A key has no owner","step":"rotation","status":"FAIL","severity":"medium","confidence":"high","effort":"minutes","resource":{"kind":"credential","key":"INTERCOM_READ_TOKEN","name":""},"message":"The policy names no owner.","evidence":[],"remediation":["Name one in policy.toml: [rotation] owner = \"name@your-company.example\"."],"references":[],"controls":["ISO 27001 A.5.17","NIST CSF PR.AA-01","CIS 5.5"],"checklist":"","incident":false,"fingerprint":"v1:2136e73f9376bb8e389c51d93b52b980","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:190595c5ca6d82d945051f2d85a9ea31','ROT-005','FAIL','2026-11-24T20:01:27+00:00','{"check":"ROT-005","title":"Every key has an owner","fails":"A key has no owner","step":"rotation","status":"FAIL","severity":"medium","confidence":"high","effort":"minutes","resource":{"kind":"credential","key":"INTERCOM_WRITE_TOKEN","name":""},"message":"The policy names no owner.","evidence":[],"remediation":["Name one in policy.toml: [rotation] owner = \"name@your-company.example\"."],"references":[],"controls":["ISO 27001 A.5.17","NIST CSF PR.AA-01","CIS 5.5"],"checklist":"","incident":false,"fingerprint":"v1:190595c5ca6d82d945051f2d85a9ea31","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:b7a266cfa876e6880ad760aa028b5152','ROT-006','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:66e2e08a43a9a3a70764697d18b4a7b8','ROT-007','NOT_APPLICABLE',NULL,'');
INSERT INTO "findings" VALUES('v1:3a1ab5736a07b98eb818d5590120ee35','ROT-008','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:da67cc2d81a3e1962948f07c20c96547','ACC-001','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:f4d3ce9befa94f9c1fa8787a1060718d','ACC-002','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:4644c9a36d6c82d2c6181e901ab4519e','ACC-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:1448b9a3db327910773fc3875dc8603a','ACC-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:efdff6b0f152c6ac1ccdc565a06ff4b0','ACC-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:c43098768fcb4386797907d75da8f442','ACC-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:26cbc8c463504d41022f3a2a859e6458','ACC-004','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:2809de6376aa843e1fb4080f376e3fcb','ACC-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:ede5e1c31ceef8947357689b453485c5','ACC-004','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-004","title":"Nobody has access who does not use it","fails":"A teammate has access and does not use it","step":"access","status":"FAIL","severity":"medium","confidence":"medium","effort":"minutes","resource":{"kind":"teammate","key":"991267408","name":"Jonas Weber"},"message":"Nothing in the activity log for 90 days.","evidence":[],"remediation":["Open Settings > Workspace > Teammates, and ask whether this teammate still needs access.","If not, remove them; first move the apps they installed to a service account."],"references":[],"controls":["ISO 27001 A.5.18","CIS 5.3"],"checklist":"","incident":false,"fingerprint":"v1:ede5e1c31ceef8947357689b453485c5","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:a91b82503ba6ac20b3766cc2bda0dc73','ACC-004','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:e1ddb21bf463a269ba1659e2bee759a0','ACC-006','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-006","title":"The Messenger verifies who a user is","fails":"The Messenger believes anyone who claims to be a user","step":"access","status":"FAIL","severity":"high","confidence":"high","effort":"hours","resource":{"kind":"workspace","key":"identity verification","name":""},"message":"It is off: anybody can pose as any customer in the Messenger.","evidence":[],"remediation":["Sign a JSON Web Token with the Messenger API secret for each signed-in user.","Pass it as intercom_user_jwt, and watch that no user loses their conversations.","Then enforce it: Settings > Channels > Messenger > Security."],"references":["https://www.intercom.com/help/en/articles/10589769"],"controls":["SOC 2 CC6.1","NIST CSF PR.AA-03"],"checklist":"","incident":false,"fingerprint":"v1:e1ddb21bf463a269ba1659e2bee759a0","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:11b53af02e59a187085c62c1f5c4ed36','ACC-007','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:86414fa1f520e0cdec395f5237328c26','ACC-007','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:82bfa8bd8738483cea11baf7d5c748d7','ACC-007','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:2f9efa2ab4f7f5319e903540baa7a485','ACC-008','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-008","title":"The IP allowlist limits who can use the API","fails":"The API can be used from any address","step":"access","status":"FAIL","severity":"high","confidence":"high","effort":"hours","resource":{"kind":"workspace","key":"ip allowlist","name":"IP allowlist"},"message":"It is on and empty, which lets everybody in.","evidence":[],"remediation":["List the addresses that your servers call Intercom from, the audit''s own among them.","Open Settings > Workspace > Security (its page is not documented), and enter them there.","Switch “Enable REST API IP allowlist” on.","On and empty lets everybody in: enter the addresses first."],"references":["https://www.intercom.com/help/en/articles/13941009"],"controls":["SOC 2 CC6.6","CIS 4.1"],"checklist":"","incident":false,"fingerprint":"v1:2f9efa2ab4f7f5319e903540baa7a485","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:2b6589319f1d8a98bce6ceea9ac7d9cc','ACC-009','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:acb3710b13b75aac619c75ec34b4139c','ACC-009','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-009","title":"Data connectors call by HTTPS","fails":"A data connector calls without HTTPS","step":"access","status":"FAIL","severity":"high","confidence":"high","effort":"minutes","resource":{"kind":"data connector","key":"12346","name":"Refund lookup <beta> | old"},"message":"Calls refunds.example.com without TLS.","evidence":[],"remediation":["Open Settings > Integrations > Data connectors, and give this one an https address."],"references":[],"controls":["SOC 2 CC6.7","NIST CSF PR.DS-02","CIS 3.10"],"checklist":"","incident":false,"fingerprint":"v1:acb3710b13b75aac619c75ec34b4139c","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:d68779b41045f913ac826804b73c9b8a','ACC-009','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:d62e6adad127c75a3f6779cb65db2a1b','ACC-010','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:23ea6182c35cbed3b95906b02abd1ea1','ACC-010','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-010","title":"Data connectors authenticate","fails":"A data connector calls without a credential","step":"access","status":"FAIL","severity":"medium","confidence":"high","effort":"hours","resource":{"kind":"data connector","key":"12346","name":"Refund lookup <beta> | old"},"message":"It calls without a credential.","evidence":[{"what":"headers: none","where":"","place":null}],"remediation":["Add a credential for the called system: Settings > Integrations > Authentication > Add token.","Open Settings > Integrations > Data connectors > this one, and use it there.","Customer authentication is a code for the customer: the called system gets none of it."],"references":[],"controls":["SOC 2 CC6.1","NIST CSF PR.AA-03"],"checklist":"","incident":false,"fingerprint":"v1:23ea6182c35cbed3b95906b02abd1ea1","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:28d6372529c53d53427bc864b173f6d9','ACC-010','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-010","title":"Data connectors authenticate","fails":"A data connector calls without a credential","step":"access","status":"FAIL","severity":"high","confidence":"high","effort":"hours","resource":{"kind":"data connector","key":"12347","name":"Loyalty points"},"message":"It calls a public endpoint: its authentication is bypassed.","evidence":[{"what":"headers: X-Api-Key","where":"","place":null}],"remediation":["Add a credential for the called system: Settings > Integrations > Authentication > Add token.","Open Settings > Integrations > Data connectors > this one, and use it there.","Customer authentication is a code for the customer: the called system gets none of it."],"references":[],"controls":["SOC 2 CC6.1","NIST CSF PR.AA-03"],"checklist":"","incident":false,"fingerprint":"v1:28d6372529c53d53427bc864b173f6d9","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:481db528adb329a8b271910c7562d2c8','ACC-011','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-011","title":"Data connectors share no credential","fails":"Data connectors share a credential","step":"access","status":"FAIL","severity":"medium","confidence":"medium","effort":"minutes","resource":{"kind":"credential","key":"881","name":""},"message":"Goes to loyalty.example.com, orders.example.com.","evidence":[],"remediation":["Issue a credential of its own for each system that is called.","Open Settings > Integrations > Data connectors, and give each connector the one of its system."],"references":[],"controls":["ISO 27001 A.5.17","NIST CSF PR.AA-01"],"checklist":"","incident":false,"fingerprint":"v1:481db528adb329a8b271910c7562d2c8","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:a1be348c9af9fc6aaba78dbbe1f4e4ac','ACC-012','PASS',NULL,'');
INSERT INTO "findings" VALUES('v1:45bd34cceb3d182413d9099138eb0f3c','ACC-013','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:61654ca31e4068e8a4114272258ae45f','ACC-014','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:41367d975399a8498b0954b1d5ea957c','ACC-015','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:b97ab0b7123c31360701c96d5cf29543','ACC-016','FAIL','2026-11-24T20:01:27+00:00','{"check":"ACC-016","title":"Every teammate''s permissions come from a role","fails":"A teammate''s permissions come from no role","step":"access","status":"FAIL","severity":"low","confidence":"high","effort":"minutes","resource":{"kind":"teammate","key":"991267407","name":"Priya Natarajan"},"message":"Custom permissions, without a role.","evidence":[],"remediation":["Open Settings > Workspace > Teammates > this teammate > Permissions.","Give them a role that fits; make one if none does.","Permissions that have to stay as they are: waive this with a reason and a date."],"references":[],"controls":["SOC 2 CC6.3","ISO 27001 A.5.18","CIS 6.8"],"checklist":"","incident":false,"fingerprint":"v1:b97ab0b7123c31360701c96d5cf29543","waiver":null,"baseline":null,"since":"2026-11-24T20:01:27Z"}');
INSERT INTO "findings" VALUES('v1:ece1792503f45f9d63bf351b08ffbf95','ACC-017','MANUAL',NULL,'');
INSERT INTO "findings" VALUES('v1:5fd254822cb59e6b7c57354545c18bd3','ACC-017','MANUAL',NULL,'');
CREATE TABLE key_sightings (
  variable    TEXT NOT NULL,
  kind        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  first_seen  TEXT NOT NULL,
  row_hash    TEXT NOT NULL,
  PRIMARY KEY (variable, fingerprint)
) STRICT;
INSERT INTO "key_sightings" VALUES('INTERCOM_ACCESS_TOKEN','access_token','7923fc21b29af0ca','2026-11-24T20:01:30Z','212e53774945e805c3316622b4478aa4a04c212d64f659fad3de6b16b73425ac');
INSERT INTO "key_sightings" VALUES('INTERCOM_READ_TOKEN','access_token','470123e3bc2229df','2026-11-24T20:01:30Z','7f534150ab8b64640333ae89477842b14ac9f002d282cc5312ca5cd9f69b69e5');
INSERT INTO "key_sightings" VALUES('INTERCOM_WRITE_TOKEN','access_token','c2690adfc14428b2','2026-11-24T20:01:31Z','7306575b37129c2cf7d864b4c15bd97602abbb0a949e44ede6d7235c79ca9a8e');
INSERT INTO "key_sightings" VALUES('INTERCOM_CLIENT_SECRET','client_secret','93143aee507e0f7a','2026-11-24T20:01:31Z','211791e288948cfdbc02b91011dd2098f6d1fcdd93eb2a9fa3b25bd04eb8e8fd');
INSERT INTO "key_sightings" VALUES('INTERCOM_IDENTITY_SECRET','identity_secret','032717e4528fb47c','2026-11-24T20:01:31Z','abb8f902bb72d7d8c047075bebe35ece49cd02350c370e21039f08e92bd11503');
CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT) STRICT;
INSERT INTO "migrations" VALUES(1,'0001_runs.sql');
INSERT INTO "migrations" VALUES(2,'0002_rotation.sql');
INSERT INTO "migrations" VALUES(3,'0003_auditlog.sql');
INSERT INTO "migrations" VALUES(4,'0004_expected_logs.sql');
CREATE TABLE rotation_events (
  rotation TEXT NOT NULL REFERENCES rotations (id),
  number   INTEGER NOT NULL,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  what     TEXT NOT NULL CHECK (what IN ('intent', 'move', 'evidence', 'confirmation', 'note')),
  name     TEXT NOT NULL,                    -- of the effect, the state, the proof or the consumer
  detail   TEXT NOT NULL,                    -- JSON
  row_hash TEXT NOT NULL,
  PRIMARY KEY (rotation, number)
) STRICT;
INSERT INTO "rotation_events" VALUES('2714e1735ac81fbb',1,'2026-11-24T20:01:53Z','root@audit-host','move','PLANNED','{"fingerprint": "7923fc21b29af0ca"}','2a43f01ea774690e8d290446346e5055aa602bce38eefe6be65f22ea85f00afe');
INSERT INTO "rotation_events" VALUES('2714e1735ac81fbb',2,'2026-11-24T20:01:53Z','root@audit-host','evidence','old key alive','{"alive": true, "code": "", "region": "US", "request_id": "b03f001d-f6f1-44f9-84fd-bb9e950a7dac", "scopes": ["manage_ip_allowlist", "read_admins", "read_articles_scope", "read_conversations", "read_data_connectors", "read_secure_mode_secret", "read_single_admin", "read_tags", "read_users_companies"], "status": 200, "workspace": "dm4x7q2k"}','1e8069449cc4c7842e6279539ac1e64b72536c8505e1a4064d9076304316a129');
INSERT INTO "rotation_events" VALUES('2714e1735ac81fbb',3,'2026-11-24T20:01:53Z','root@audit-host','intent','mint','{}','dc18562845b56db8c91745796e28f29530cb91380c1277d417cb11ea03bb580f');
CREATE TABLE rotations (
  id              TEXT PRIMARY KEY,
  variable        TEXT NOT NULL,             -- the credential, by the name of its variable
  kind            TEXT NOT NULL,             -- access_token, client_secret, identity_secret
  mode            TEXT NOT NULL CHECK (mode IN ('overlap', 'in-place')),
  compromised     INTEGER NOT NULL CHECK (compromised IN (0, 1)),
  state           TEXT NOT NULL CHECK (state IN ('PLANNED', 'STAGED', 'VERIFIED', 'SWAPPED',
                    'CONFIRMED', 'REVOKED', 'DONE', 'ABORTED', 'ROLLED_BACK', 'NEEDS_HUMAN')),
  stood_at        TEXT NOT NULL,             -- the state to go on from, out of NEEDS_HUMAN
  reason          TEXT NOT NULL,             -- why a person is needed
  store           TEXT NOT NULL,
  actor           TEXT NOT NULL,
  old_fingerprint TEXT NOT NULL,
  new_fingerprint TEXT NOT NULL,             -- empty until a new secret is offered
  opened_at       TEXT NOT NULL,             -- UTC, ISO 8601
  moved_at        TEXT NOT NULL,
  row_hash        TEXT NOT NULL
) STRICT;
INSERT INTO "rotations" VALUES('2714e1735ac81fbb','INTERCOM_ACCESS_TOKEN','access_token','in-place',0,'PLANNED','','','live.env: INTERCOM_ACCESS_TOKEN','root@audit-host','7923fc21b29af0ca','','2026-11-24T20:01:53Z','2026-11-24T20:01:53Z','fa86d356d3add3c8f9a118c84f22f6acab72f05997dcca96210e783fab5c3d58');
CREATE TABLE runs (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,   -- the run folder's name
  generated_at TEXT NOT NULL,          -- UTC, ISO 8601
  tool_version TEXT NOT NULL,
  summary      TEXT NOT NULL           -- the coverage headline
) STRICT;
INSERT INTO "runs" VALUES(1,'20261124T200127Z-production','2026-11-24T20:01:27+00:00','0.1.0','29 judged, 11 need a person, 0 could not look, 3 not applicable');
INSERT INTO "runs" VALUES(2,'20261124T200146Z-production','2026-11-24T20:01:46+00:00','0.1.0','29 judged, 11 need a person, 0 could not look, 3 not applicable');
CREATE INDEX findings_by_check ON findings (check_id);
CREATE UNIQUE INDEX one_open_rotation ON rotations (variable)
  WHERE state NOT IN ('DONE', 'ABORTED', 'ROLLED_BACK');
COMMIT;
PRAGMA user_version = 4;
