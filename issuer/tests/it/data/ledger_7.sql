BEGIN TRANSACTION;
CREATE TABLE account_actions (
  account TEXT NOT NULL REFERENCES accounts (name),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  action TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (account, sequence),
  CHECK (action <> 'lock' OR reason IS NOT NULL AND length(trim(reason)) > 0)
) STRICT;
INSERT INTO "account_actions" VALUES('chief',1,'2026-11-21T03:00:00Z','chief','add',NULL);
INSERT INTO "account_actions" VALUES('lan',1,'2026-11-21T03:00:00Z','chief','add',NULL);
INSERT INTO "account_actions" VALUES('minh',1,'2026-11-21T03:00:00Z','chief','add',NULL);
INSERT INTO "account_actions" VALUES('kho',1,'2026-11-21T03:00:00Z','chief','add',NULL);
INSERT INTO "account_actions" VALUES('minh',2,'2026-11-21T03:00:00Z','chief','lock','thử');
INSERT INTO "account_actions" VALUES('minh',3,'2026-11-21T03:00:00Z','chief','unlock',NULL);
CREATE TABLE accounts (
  name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 2 AND 32),
  roles TEXT NOT NULL CHECK (length(roles) > 0),
  password TEXT NOT NULL CHECK (length(password) > 0),
  locked TEXT,
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  failed_at TEXT,
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO "accounts" VALUES('chief','administrator','$argon2id$v=19$m=19456,t=2,p=1$78oMhS0u5JQ0tHr6JC0SQg$xFzKFJaxiCuZP3C1KYgFBUGaulURTSSfxJbevnRuXcM',NULL,0,NULL,'chief','2026-11-21T03:00:00Z');
INSERT INTO "accounts" VALUES('lan','capture personalise deliver','$argon2id$v=19$m=19456,t=2,p=1$7wCi9q+kP5+6uSn7/ii2BA$8VUjU8A2jO0f3bYKZtWwcnTItE9yYi05z/MxrYv0hFA',NULL,0,NULL,'chief','2026-11-21T03:00:00Z');
INSERT INTO "accounts" VALUES('minh','approve','$argon2id$v=19$m=19456,t=2,p=1$KaJVp7O9ZlJyqPswVJ0llw$xCyhYMQzQ2OMAJcIyt5VbiL7yYS6C1oIB0Xd0+sXtcI',NULL,0,NULL,'chief','2026-11-21T03:00:00Z');
INSERT INTO "accounts" VALUES('kho','stock','$argon2id$v=19$m=19456,t=2,p=1$NaL7khoe8RyKqerRKQto6A$1O0wZXivs6k9T3Lth6f2F47YjjWQmTugnGxcMx0kvws',NULL,0,NULL,'chief','2026-11-21T03:00:00Z');
CREATE TABLE actions (
  application_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  previous INTEGER,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  action TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  reason TEXT,
  detail TEXT NOT NULL DEFAULT '{}',
  idempotency_key TEXT UNIQUE, station TEXT,
  PRIMARY KEY (application_id, sequence),
  UNIQUE (application_id, sequence, to_state),
  FOREIGN KEY (from_state, to_state) REFERENCES transitions (from_state, to_state),
  FOREIGN KEY (application_id, previous, from_state) REFERENCES actions (application_id, sequence, to_state),
  CHECK (sequence = 1 AND previous IS NULL AND from_state = 'new'
         OR sequence > 1 AND previous IS NOT NULL AND previous = sequence - 1),
  CHECK (to_state NOT IN ('rejected', 'spoiled', 'in-doubt') OR reason IS NOT NULL AND length(trim(reason)) > 0)
) STRICT;
INSERT INTO "actions" VALUES(1,1,NULL,'2026-11-21T03:00:00Z','lan','receive','new','received',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,2,1,'2026-11-21T03:00:00Z','lan','check','received','checked',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,3,2,'2026-11-21T03:00:00Z','lan','capture','checked','captured',NULL,'{"portrait":["background-uneven"]}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,4,3,'2026-11-21T03:00:00Z','minh','approve','captured','approved',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,5,4,'2026-11-21T03:00:00Z','lan','prepare','approved','prepared',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,6,5,'2026-11-21T03:00:00Z','lan','enqueue','prepared','queued',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,7,6,'2026-11-21T03:00:00Z','lan','personalise','queued','personalising',NULL,'{"chip":"4e258a259c08795a9e99","key_version":1}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,8,7,'2026-11-21T03:00:00Z','lan','sign','personalising','personalising',NULL,'{"sod_sha256":"cb5ceaa1a355c739baff8fc901f62fbf082de1ccb569e5441ef5b673b440d2a1"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,9,8,'2026-11-21T03:00:00Z','lan','confirm-read-back','personalising','read-back',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,10,9,'2026-11-21T03:00:00Z','lan','lock','read-back','locked',NULL,'{"refused":["CREATE FILE: 6985","UPDATE BINARY: 6985","UPDATE BINARY (odd instruction): 6985","PUT DATA of the card access number: 6985","PUT DATA of the MRZ: 6985","PUT DATA of a CVCA key: 6985","PUT DATA of the current date: 6985","GENERATE ASYMMETRIC KEY PAIR: 6985","DELETE FILE: 6985","CREATE FILE: 6985","UPDATE BINARY: 6985","UPDATE BINARY (odd instruction): 6985","PUT DATA of the card access number: 6985","PUT DATA of the MRZ: 6985","PUT DATA of a CVCA key: 6985","PUT DATA of the current date: 6985","GENERATE ASYMMETRIC KEY PAIR: 6985","DELETE FILE: 6985","the blank''s transport keys: 6A88","the test transport keys: 6A88"]}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(1,11,10,'2026-11-21T03:00:00Z','lan','issue','locked','issued',NULL,'{"sod_sha256":"cb5ceaa1a355c739baff8fc901f62fbf082de1ccb569e5441ef5b673b440d2a1"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,1,NULL,'2026-11-21T03:00:00Z','lan','receive','new','received',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,2,1,'2026-11-21T03:00:00Z','lan','check','received','checked',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,3,2,'2026-11-21T03:00:00Z','lan','capture','checked','captured',NULL,'{"portrait":["background-uneven"]}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,4,3,'2026-11-21T03:00:00Z','minh','approve','captured','approved',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,5,4,'2026-11-21T03:00:00Z','lan','prepare','approved','prepared',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,6,5,'2026-11-21T03:00:00Z','lan','enqueue','prepared','queued',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,7,6,'2026-11-21T03:00:00Z','lan','personalise','queued','personalising',NULL,'{"chip":"c40b6fd54eebe36387da","key_version":1}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,8,7,'2026-11-21T03:00:00Z','lan','sign','personalising','personalising',NULL,'{"sod_sha256":"02413a8ef7002cc23c2ad894174d7e53ed08a9c0f2513e79c833e15523ac8dc3"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,9,8,'2026-11-21T03:00:00Z','lan','confirm-read-back','personalising','read-back',NULL,'{}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,10,9,'2026-11-21T03:00:00Z','lan','lock','read-back','locked',NULL,'{"refused":["CREATE FILE: 6985","UPDATE BINARY: 6985","UPDATE BINARY (odd instruction): 6985","PUT DATA of the card access number: 6985","PUT DATA of the MRZ: 6985","PUT DATA of a CVCA key: 6985","PUT DATA of the current date: 6985","GENERATE ASYMMETRIC KEY PAIR: 6985","DELETE FILE: 6985","CREATE FILE: 6985","UPDATE BINARY: 6985","UPDATE BINARY (odd instruction): 6985","PUT DATA of the card access number: 6985","PUT DATA of the MRZ: 6985","PUT DATA of a CVCA key: 6985","PUT DATA of the current date: 6985","GENERATE ASYMMETRIC KEY PAIR: 6985","DELETE FILE: 6985","the blank''s transport keys: 6A88","the test transport keys: 6A88"]}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "actions" VALUES(2,11,10,'2026-11-21T03:00:00Z','lan','issue','locked','issued',NULL,'{"sod_sha256":"02413a8ef7002cc23c2ad894174d7e53ed08a9c0f2513e79c833e15523ac8dc3"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
CREATE TABLE applications (
  id INTEGER NOT NULL PRIMARY KEY,
  content_sha256 TEXT NOT NULL CHECK (length(content_sha256) = 64),
  person_number TEXT NOT NULL CHECK (length(person_number) = 12),
  reason TEXT NOT NULL CHECK (reason IN ('first-issue', 'exchange', 'reissue')),
  ground TEXT,
  template TEXT NOT NULL CHECK (template IN ('2021', '2024')),
  received_at TEXT NOT NULL,
  due TEXT NOT NULL CHECK (length(due) = 10),
  state TEXT NOT NULL CHECK (state IN (
    'received', 'checked', 'captured', 'approved', 'prepared', 'queued', 'personalising',
    'read-back', 'locked', 'issued', 'delivered', 'rejected', 'spoiled', 'in-doubt')),
  last_action INTEGER NOT NULL,
  state_reason TEXT,
  changed_at TEXT NOT NULL,
  captured_by TEXT,
  captured_sha256 TEXT,
  approved_by TEXT,
  chip_serial TEXT UNIQUE,
  issue_date TEXT,
  sod_sha256 TEXT UNIQUE CHECK (sod_sha256 IS NULL OR length(sod_sha256) = 64),
  document_number TEXT,
  expires TEXT,
  replaces TEXT,
  FOREIGN KEY (id, last_action, state) REFERENCES actions (application_id, sequence, to_state),
  FOREIGN KEY (chip_serial, id) REFERENCES chips (serial, application_id),
  CHECK (reason = 'first-issue' AND ground IS NULL OR reason <> 'first-issue' AND ground IS NOT NULL),
  CHECK (state NOT IN ('rejected', 'spoiled', 'in-doubt') OR state_reason IS NOT NULL AND length(state_reason) > 0),
  CHECK (state IN ('received', 'checked', 'rejected') OR captured_by IS NOT NULL AND captured_sha256 IS NOT NULL),
  -- Four eyes: who captured does not approve, and nothing is made without an approval.
  CHECK (approved_by IS NULL OR captured_by IS NOT NULL AND approved_by <> captured_by),
  CHECK (state IN ('received', 'checked', 'captured', 'rejected') OR approved_by IS NOT NULL),
  CHECK (state IN ('received', 'checked', 'captured', 'approved', 'prepared', 'queued', 'rejected', 'spoiled')
         OR chip_serial IS NOT NULL),
  CHECK (state NOT IN ('read-back', 'locked', 'issued', 'delivered') OR sod_sha256 IS NOT NULL)
) STRICT;
INSERT INTO "applications" VALUES(1,'a8acdc20c1e04e8fb12f1f1c5bb1b7237c8877c9ae929a939dc8bf555f7f4196','001066973882','first-issue',NULL,'2024','2026-11-21T03:00:00Z','2026-12-01','issued',11,NULL,'2026-11-21T03:00:00Z','lan','b92a585fbadeb475d23f22339352a87ec354349b2f12812d1882e4808c68f068','minh','4e258a259c08795a9e99','2026-11-21','cb5ceaa1a355c739baff8fc901f62fbf082de1ccb569e5441ef5b673b440d2a1','066973882',NULL,NULL);
INSERT INTO "applications" VALUES(2,'560f6e24ba62559e20fb63bc1b10f1c6176079ce7d5dccde6f8a5cf70387d217','001166551598','first-issue',NULL,'2024','2026-11-21T03:00:00Z','2026-12-01','issued',11,NULL,'2026-11-21T03:00:00Z','lan','6e45fd912fc6f818c3479ea69291d4c6190ba1d7381beac32c44474aeb00d84c','minh','c40b6fd54eebe36387da','2026-11-21','02413a8ef7002cc23c2ad894174d7e53ed08a9c0f2513e79c833e15523ac8dc3','166551598',NULL,NULL);
CREATE TABLE audit (
  station TEXT NOT NULL CHECK (length(station) = 64),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  line TEXT NOT NULL,
  PRIMARY KEY (station, sequence)
) STRICT;
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',1,'{"sequence":1,"time":"2026-11-21T03:00:00Z","previous":"0000000000000000000000000000000000000000000000000000000000000000","event":"account-add","payload":"2bea77760d34db0fead9e1f97a86dcd88bc9bf60c5686285e49ff769fc91d50d","note":"account chief by chief (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',2,'{"sequence":2,"time":"2026-11-21T03:00:00Z","previous":"167dc42648077d95892da6df088e450b48848b0abd72a79d1d37ad8846367413","event":"account-add","payload":"48f27f002a4e1762823ea26113e0265ccfbd2a8b2517f37baba3d8923dd7afe1","note":"account lan by chief (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',3,'{"sequence":3,"time":"2026-11-21T03:00:00Z","previous":"28ea889075ba6af3d1a9ee10b6ba0f83d7c81669f0a5847e2af434338755ad22","event":"account-add","payload":"3783840a8417df34a53a4c8c90e2c054c8d56afd390f63d41e238138cdfa0ee0","note":"account minh by chief (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',4,'{"sequence":4,"time":"2026-11-21T03:00:00Z","previous":"e80ec18a1683afa54bc172bbeb5b6b49badf2397645b5dd39764272244c068f1","event":"account-add","payload":"9939a8bbb71a755b4afe3b42df8b694a875d170dd2f3b1f02dd97076c2a8d9d2","note":"account kho by chief (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',5,'{"sequence":5,"time":"2026-11-21T03:00:00Z","previous":"ddca13b16e06082df9be37c62dd3748ee7169314a118762de4c7789e6041377f","event":"account-lock","payload":"63e31c3ed43c30df1c0ba39a054e81d5ca62284e12e113e9e91597e2fe947aca","note":"account minh by chief (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',6,'{"sequence":6,"time":"2026-11-21T03:00:00Z","previous":"49a83ef9bee33a21934b4fb5d95f4e275a930b9b875c0aeb0d6602041f9927e7","event":"account-unlock","payload":"0e3efc2764721bb11fc89a8c525d438cf76c54897bd71e37ff31f8e05a638f5e","note":"account minh by chief (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',7,'{"sequence":7,"time":"2026-11-21T03:00:00Z","previous":"2bee175a806283837aef2ba6248439a94373f53609ad8c0b5e5d1dc8b6c76311","event":"application-receive","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"32f31125605f6411bef05268c4b37f131b4bce55c2019193f57b568396217957","note":"application 1 action 1 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',8,'{"sequence":8,"time":"2026-11-21T03:00:00Z","previous":"b8dda8a83c3b4ec39852fd446636fa769d900296e92fb32dc9f204463c631bfa","event":"application-check","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"7956ecb900df5a577cccd9939f254ea0f15a44817b1dec975a1baf17660f1217","note":"application 1 action 2 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',9,'{"sequence":9,"time":"2026-11-21T03:00:00Z","previous":"c52018dc0b757b26d0ec482da061052764d5f72b28299e3a0037732ed6e22137","event":"application-capture","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"55d679adb664cb24bb402751bb4a6178198333013b696b7257f459d61dc55ca3","note":"application 1 action 3 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',10,'{"sequence":10,"time":"2026-11-21T03:00:00Z","previous":"d38b82d5e762bd37768c55d24400dc33518ed7bba954656b2c83f02b0dca547f","event":"application-approve","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"9728d2d7dd86cc1b9f5b2994d0d05512d97610e3632eb0d882bbc106760d069d","note":"application 1 action 4 by minh (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',11,'{"sequence":11,"time":"2026-11-21T03:00:00Z","previous":"38826b60c66f2813744be5cfe427bd0671ce657fe38c8d17754994b5ba51c05e","event":"application-prepare","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"9571886d7a790cd6ce33d9da7ed2e8a6c476450483e6de1b53c2a85fc5684d48","note":"application 1 action 5 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',12,'{"sequence":12,"time":"2026-11-21T03:00:00Z","previous":"982ad0ba576afc7f433a60c760081dad8d8ebdbc81a1c1ebb1721f3f3c83e404","event":"application-enqueue","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"49e5cc5093cc9f3d101a50ca49f3f35e27d9df616d2c97226609d06941195d71","note":"application 1 action 6 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',13,'{"sequence":13,"time":"2026-11-21T03:00:00Z","previous":"59c73c5a38056655908a0cf65d359df788a042503781b4267168bb849c670630","event":"application-personalise","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"f1ee18dbdeadb981fddc546511ca2c1b6370d8403f7f0a7140bc3b5dcf0ab210","note":"application 1 action 7 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',14,'{"sequence":14,"time":"2026-11-21T03:00:00Z","previous":"90137aa5c96b0b9ea19f5242ee6ee4fb77c5a0abf04f3d645b2553ac02f6dfb1","event":"application-sign","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"cd763eccd4a3043b2a585d00d4772dabf32ddebcacb65998a93cfa9c8c44a808","note":"application 1 action 8 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',15,'{"sequence":15,"time":"2026-11-21T03:00:00Z","previous":"ef876109b44ff958f7b90ae8d7a611b5e7803123ff242ab2ba7c564d6ff08258","event":"application-confirm-read-back","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"1bf420c8bd9e4f8a533731e44d127ee692d1bfcd0bf78899ed3c887b10e93dd1","note":"application 1 action 9 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',16,'{"sequence":16,"time":"2026-11-21T03:00:00Z","previous":"c0a55cbbada65a8060a43599da4a092a0f800ef6697e12b89ec8b15ca0dd2393","event":"application-lock","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"37921c9e647086790a92545749c7e71dffb77ec84e8fe39dc790db42e6cd60b4","note":"application 1 action 10 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',17,'{"sequence":17,"time":"2026-11-21T03:00:00Z","previous":"8611ede9d8343d3912e21bccfe0942922933ef343c866168d32b19668241d546","event":"application-issue","subject":"da13a832aa38ee5885bb53c642fe311958e8b326b4624e6ac1a00d99f78adac0","payload":"3358608d39236f89543f84c91c2745cb53e7770972a1e587831c2a4a59ed65da","note":"application 1 action 11 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',18,'{"sequence":18,"time":"2026-11-21T03:00:00Z","previous":"d6ddd079e177f06a26ea178f725a4e1423c270215f5697a3ac21af14dd15e56e","event":"application-receive","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"04b6a9a7d37cfdc850a6da069c290a5a4c8d139a11f500c7c94de0bb0d127497","note":"application 2 action 1 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',19,'{"sequence":19,"time":"2026-11-21T03:00:00Z","previous":"80347b538e6dc0a4b7392de86eb2154ac7078cdb2990894588288f6e01039ecc","event":"application-check","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"6a844a6c0a628ef2139779ec78ede2aef278f46d385df17307ab45beb539f8d1","note":"application 2 action 2 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',20,'{"sequence":20,"time":"2026-11-21T03:00:00Z","previous":"def7f2444ac19a00d1bac15739df702381026930dbff9859989ca722913fc00e","event":"application-capture","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"6facf31c15bc23aa34569ad85e0c3afc9e6dab2dc386c5cebdc08675000b3a7e","note":"application 2 action 3 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',21,'{"sequence":21,"time":"2026-11-21T03:00:00Z","previous":"e31b29fa132e9836c25111ed7017f47b5ad69164938a13fad57e5ba2f8797bb8","event":"application-approve","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"4e07185394679dce22086f3b062f539d42ce7c59eb3ec9f3b80f08218c57df81","note":"application 2 action 4 by minh (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',22,'{"sequence":22,"time":"2026-11-21T03:00:00Z","previous":"4848343c87480c2b7045ec85c74498d8aac37ed34d7c42b8723e6785e6a4c2f4","event":"application-prepare","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"cb20157330f0118fad897f0cf84e58ba7bc143ea3a52c261a33b6b1251ee2981","note":"application 2 action 5 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',23,'{"sequence":23,"time":"2026-11-21T03:00:00Z","previous":"abddf71bf92a4f3590e6fa20e2064b485af77280ebd55cbffcc36a8ce324217b","event":"application-enqueue","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"54d83ac77af5cc9a66b7d07f7954287c47daf66aab651e69f2ba6fa954bec42c","note":"application 2 action 6 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',24,'{"sequence":24,"time":"2026-11-21T03:00:00Z","previous":"6e433d35a1561adc75eb43d9d50cbf010e84c5357b865f3612106eed3f20c2e1","event":"application-personalise","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"3d3ab2eec00273993edcf7f4365b0f15a9ff4a5f67122f0ff1dbdf74c92f4513","note":"application 2 action 7 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',25,'{"sequence":25,"time":"2026-11-21T03:00:00Z","previous":"2e396971840e35c51045705238b8b67fb830a01e24e5c0046521f41b707e3b52","event":"application-sign","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"d0ef86a090a43322e973e40207c76331ac402ee741d13ae3330bb7339dc7f25a","note":"application 2 action 8 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',26,'{"sequence":26,"time":"2026-11-21T03:00:00Z","previous":"bd170e298ef15f5647b008e1136606f53366bc23c23ceb7c8f1be3e85d718bf4","event":"application-confirm-read-back","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"abfdc3c1c09a986f7ddc4822ff1c004701f91cc974b0cb9c19ebf2d0ae6a26c8","note":"application 2 action 9 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',27,'{"sequence":27,"time":"2026-11-21T03:00:00Z","previous":"b243ff4c93ea68b8eec95bbf9004fb723ebc12d2f652948583a6ad5769cd8d06","event":"application-lock","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"393aa7494ae8c5b61d435c83a118fd7862c5c01dc39c606865ea4834b967f618","note":"application 2 action 10 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',28,'{"sequence":28,"time":"2026-11-21T03:00:00Z","previous":"78e149c19f91c179453f46ace551fe0fb4ee50ea92b4b1bcc19ad2c775d89e1a","event":"application-issue","subject":"b73fa64b3322574835993e199dd84ef38f0c1a88804dce3199c85c54a44016a7","payload":"fb8e62399ae45e93d205558f70de4c5a196b1e1a7f8bdb6cebfc9c0e7df5a2b4","note":"application 2 action 11 by lan (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',29,'{"sequence":29,"time":"2026-11-21T03:00:00Z","previous":"92875c16fc72e777bd1c097755826d28760722d531358693e1cda8893a4b2e92","event":"stock-receive","payload":"48fe0544fc8207c719a09ee8c26ff9df48fdb440c4cd2defe8e996d410f9dbb4","note":"operation 1 by kho (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',30,'{"sequence":30,"time":"2026-11-21T03:00:00Z","previous":"7685af41b4dfadb6367093f5b9219bbe78fcc3b1af65c6e3348d7f20dda2dd02","event":"stock-count","payload":"55879cd803bffbe8cdbaf2caa71c867fb38fdd11f2a0b4d4ffb57fb29f47bf6a","note":"operation 2 by kho (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',31,'{"sequence":31,"time":"2026-11-21T03:00:00Z","previous":"0672a5cdeea5c73d8845fe09dde1eb639c76f53821e95f817efeea179e7042e1","event":"stock-send","payload":"f55f28b541dff75dedd43d995f230064b48e452280ac0f18e74e297062faba77","note":"operation 3 by kho (the time was given)"}');
INSERT INTO "audit" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',32,'{"sequence":32,"time":"2026-11-21T03:00:00Z","previous":"89140a6f4379dd9a680f1beb23a08f42430ec6a01579eef8a051a42a0acd2176","event":"stock-acknowledge","payload":"e450ffb74b369982b83388e8567a4f527db5f626decf4dc1044beb5a4833f819","note":"operation 4 by kho (the time was given)"}');
CREATE TABLE audit_ends (
  station TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  FOREIGN KEY (station, sequence) REFERENCES audit (station, sequence)
) STRICT;
INSERT INTO "audit_ends" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',32,'0352092effa7147a5edd7ed48f58f619bdb4a322a3f8e9f09cdefa7f57d6c694');
CREATE TABLE audit_heads (
  station TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  head TEXT NOT NULL,
  PRIMARY KEY (station, sequence),
  FOREIGN KEY (station, sequence) REFERENCES audit (station, sequence)
) STRICT;
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',1,'{"sequence":1,"hash":"167dc42648077d95892da6df088e450b48848b0abd72a79d1d37ad8846367413","signature":"3046022100d99caf1c98428b4c028e178eaa660ec915483e6773c6707c554352975db3f41f02210085d6294e18b1312111e0267205d596cae26ce9553f464ba5bab2d9213ff584f2","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',2,'{"sequence":2,"hash":"28ea889075ba6af3d1a9ee10b6ba0f83d7c81669f0a5847e2af434338755ad22","signature":"3044022072cda4dfaf0c23c64274cc89686204d300e66ae0fe959feea29b9c166ab4a007022001402deb70704b5747753c36af081a0cb4f5ab8059a87a864525def97ab2caf1","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',3,'{"sequence":3,"hash":"e80ec18a1683afa54bc172bbeb5b6b49badf2397645b5dd39764272244c068f1","signature":"304602210090baf8879d312b5ef37b8bdaca1f801307db19c10d79364cc4d2a5263d446b850221008dde1cacbe9e47504bc6ed083d5ee69114256f69f2cd5b8de700fbc5bde4de5e","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',4,'{"sequence":4,"hash":"ddca13b16e06082df9be37c62dd3748ee7169314a118762de4c7789e6041377f","signature":"30440220705a2c2c65005ddb9f1d7179aad0d0a6995811373bbb22b702a86336eccc161b02200f9cc946427ae3e23a30189f4e45149426de68221105d54903b6900febd64ba3","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',5,'{"sequence":5,"hash":"49a83ef9bee33a21934b4fb5d95f4e275a930b9b875c0aeb0d6602041f9927e7","signature":"3045022100df1e5675b82d719d3b2a0974b4f15401456ebeecfbd0895241cc1ed4ebd65c3b0220534f3215391534928bfb2516f0e116f66a806023db56d21297f90fd7ffa9e978","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',6,'{"sequence":6,"hash":"2bee175a806283837aef2ba6248439a94373f53609ad8c0b5e5d1dc8b6c76311","signature":"3045022055b236c9cbc4fa78f2986e80fd679006011497258e86aa53fe48b6cd0193b5d2022100b2ca9de32e5159683d3a1834644dcf0f0df69b008860a216dafc3af9ecb01a6a","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',9,'{"sequence":9,"hash":"d38b82d5e762bd37768c55d24400dc33518ed7bba954656b2c83f02b0dca547f","signature":"3045022100a7a1ff7b55bdd622e112156fbc9874633f82de7b3a76abfcf7ff069fbb47bf6402205182068e772795c255160606cf25f3a32a93cfc3a80bc1ebea565e15ee3b37e1","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',10,'{"sequence":10,"hash":"38826b60c66f2813744be5cfe427bd0671ce657fe38c8d17754994b5ba51c05e","signature":"3046022100fd9b67b87220d278f0c604aa38810ccdcb0d2e30c8fc5060bbe164168376d3590221008fa73ffa76cfe4605b45f51c6520cfeccdf106bf774a0f44ee042f174ce36968","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',17,'{"sequence":17,"hash":"d6ddd079e177f06a26ea178f725a4e1423c270215f5697a3ac21af14dd15e56e","signature":"3045022100de1195571044ea0b7d36885329fbe1f30f354d9f31752d2b1e77c8bbf4f8c27d022079339274c2dd65a0bc5cbd798b8991d10def430f35d08f5c7c1e8019e231aed0","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',20,'{"sequence":20,"hash":"e31b29fa132e9836c25111ed7017f47b5ad69164938a13fad57e5ba2f8797bb8","signature":"3045022100fe0849fd99fa35a155a3b04dc57b811bbadc38ea4af95a6e35da9d3a9dca068a02202a5cff7ead32f0d6a5deb012307c70065404e3348411ef16585ebb3f1975ed5e","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',21,'{"sequence":21,"hash":"4848343c87480c2b7045ec85c74498d8aac37ed34d7c42b8723e6785e6a4c2f4","signature":"3045022100c227867112329188a77c51260e62250ce74f2e8e3ef06288c0be9a8b0eebe41e02206c273ac7ab99caa656599ef1478cc5bd300c03394255e5b591526ceb22337870","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',28,'{"sequence":28,"hash":"92875c16fc72e777bd1c097755826d28760722d531358693e1cda8893a4b2e92","signature":"3045022065bba18b03d4f05e0d38641c6d4d73dfc5fedeac44e4c539b302a495f32f8735022100c4ed283a819b8894072d634f4fac7e6369a0f1e52b1269ad161b1228ac4fcc15","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',29,'{"sequence":29,"hash":"7685af41b4dfadb6367093f5b9219bbe78fcc3b1af65c6e3348d7f20dda2dd02","signature":"304402202a2b79f87c7dc891f83430337577efa0a5c1500226e8d43af4e35b47c16343a2022041a89ed6ec96271655c901a5f83dd9c4d92558cfc86eed65b5106d8a9179e744","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',30,'{"sequence":30,"hash":"0672a5cdeea5c73d8845fe09dde1eb639c76f53821e95f817efeea179e7042e1","signature":"304502210096b3b7f9b1f743f1e571a72379f0c744b86c158e79414ce6ffbabf603e8df67102204b2b0f75f7cdf75fc5d8605d1a6e4c90331245ed058357fe32ab13099a429dae","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',31,'{"sequence":31,"hash":"89140a6f4379dd9a680f1beb23a08f42430ec6a01579eef8a051a42a0acd2176","signature":"3044022060f711488054e42993485aa5b6a40530f648691453158a723cc7999f115260a802204d8e23887e655d5df0d433133c75cb0ffddde8d5f7a28824804c4fbbb886f44f","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
INSERT INTO "audit_heads" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac',32,'{"sequence":32,"hash":"0352092effa7147a5edd7ed48f58f619bdb4a322a3f8e9f09cdefa7f57d6c694","signature":"304502202f56040db0de7dd03808e0baec8c4ec220b8d8c30c987502a0839229d68b78d8022100c0a8c529a0968fbad580d4e83ec8240ba9160f0e7b0054332b76df3b78d0b61b","key":"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac"}');
CREATE TABLE blank_events (
  serial TEXT NOT NULL CHECK (length(serial) = 20),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  previous INTEGER,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  cause TEXT,
  note TEXT,
  photo_sha256 TEXT CHECK (photo_sha256 IS NULL OR length(photo_sha256) = 64),
  operation INTEGER REFERENCES stock_operations (id),
  application_id INTEGER,
  application_action INTEGER,
  PRIMARY KEY (serial, sequence),
  UNIQUE (serial, sequence, to_state),
  FOREIGN KEY (from_state, to_state) REFERENCES blank_transitions (from_state, to_state),
  FOREIGN KEY (serial, previous, from_state) REFERENCES blank_events (serial, sequence, to_state),
  FOREIGN KEY (application_id, application_action) REFERENCES actions (application_id, sequence),
  CHECK (sequence = 1 AND previous IS NULL AND from_state = 'new'
         OR sequence > 1 AND previous IS NOT NULL AND previous = sequence - 1),
  -- An event is an officer's operation, or follows from an application's action.
  CHECK (operation IS NOT NULL AND application_id IS NULL AND application_action IS NULL
         OR operation IS NULL AND application_id IS NOT NULL AND application_action IS NOT NULL),
  CHECK (to_state NOT IN ('spoiled', 'lost', 'destroyed')
         OR cause IS NOT NULL AND (length(trim(note)) > 0 OR photo_sha256 IS NOT NULL))
) STRICT;
INSERT INTO "blank_events" VALUES('00000000000000000001',1,NULL,'2026-11-21T03:00:00Z','kho','new','expected',NULL,NULL,NULL,1,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000002',1,NULL,'2026-11-21T03:00:00Z','kho','new','expected',NULL,NULL,NULL,1,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000003',1,NULL,'2026-11-21T03:00:00Z','kho','new','expected',NULL,NULL,NULL,1,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000004',1,NULL,'2026-11-21T03:00:00Z','kho','new','expected',NULL,NULL,NULL,1,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000005',1,NULL,'2026-11-21T03:00:00Z','kho','new','expected',NULL,NULL,NULL,1,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000001',2,1,'2026-11-21T03:00:00Z','kho','expected','in-stock',NULL,NULL,NULL,2,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000002',2,1,'2026-11-21T03:00:00Z','kho','expected','in-stock',NULL,NULL,NULL,2,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000003',2,1,'2026-11-21T03:00:00Z','kho','expected','in-stock',NULL,NULL,NULL,2,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000004',2,1,'2026-11-21T03:00:00Z','kho','expected','in-stock',NULL,NULL,NULL,2,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000005',2,1,'2026-11-21T03:00:00Z','kho','expected','in-stock',NULL,NULL,NULL,2,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000001',3,2,'2026-11-21T03:00:00Z','kho','in-stock','sent',NULL,NULL,NULL,3,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000002',3,2,'2026-11-21T03:00:00Z','kho','in-stock','sent',NULL,NULL,NULL,3,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000003',3,2,'2026-11-21T03:00:00Z','kho','in-stock','sent',NULL,NULL,NULL,3,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000001',4,3,'2026-11-21T03:00:00Z','kho','sent','handed-over',NULL,NULL,NULL,4,NULL,NULL);
INSERT INTO "blank_events" VALUES('00000000000000000002',4,3,'2026-11-21T03:00:00Z','kho','sent','handed-over',NULL,NULL,NULL,4,NULL,NULL);
CREATE TABLE blank_keys (
  serial TEXT NOT NULL REFERENCES blanks (serial),
  operation INTEGER NOT NULL REFERENCES stock_operations (id),
  station TEXT NOT NULL CHECK (length(station) = 64),
  statement TEXT NOT NULL,
  PRIMARY KEY (serial, operation)
) STRICT;
CREATE TABLE blank_transitions (
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT;
INSERT INTO "blank_transitions" VALUES('assigned','card');
INSERT INTO "blank_transitions" VALUES('assigned','spoiled');
INSERT INTO "blank_transitions" VALUES('expected','in-stock');
INSERT INTO "blank_transitions" VALUES('expected','lost');
INSERT INTO "blank_transitions" VALUES('handed-over','expected');
INSERT INTO "blank_transitions" VALUES('in-stock','assigned');
INSERT INTO "blank_transitions" VALUES('in-stock','lost');
INSERT INTO "blank_transitions" VALUES('in-stock','sent');
INSERT INTO "blank_transitions" VALUES('in-stock','spoiled');
INSERT INTO "blank_transitions" VALUES('lost','spoiled');
INSERT INTO "blank_transitions" VALUES('new','expected');
INSERT INTO "blank_transitions" VALUES('sent','handed-over');
INSERT INTO "blank_transitions" VALUES('sent','in-stock');
INSERT INTO "blank_transitions" VALUES('sent','lost');
INSERT INTO "blank_transitions" VALUES('spoiled','destroyed');
CREATE TABLE blanks (
  serial TEXT NOT NULL PRIMARY KEY CHECK (length(serial) = 20),
  batch_id INTEGER NOT NULL REFERENCES stock_batches (id),
  state TEXT NOT NULL CHECK (state IN (
    'expected', 'in-stock', 'assigned', 'card', 'spoiled', 'lost', 'destroyed', 'sent', 'handed-over')),
  last_event INTEGER NOT NULL,
  application_id INTEGER,
  FOREIGN KEY (serial, last_event, state) REFERENCES blank_events (serial, sequence, to_state),
  FOREIGN KEY (serial, application_id) REFERENCES chips (serial, application_id),
  CHECK (state NOT IN ('assigned', 'card') OR application_id IS NOT NULL),
  CHECK (state NOT IN ('expected', 'in-stock', 'sent', 'handed-over') OR application_id IS NULL)
) STRICT;
INSERT INTO "blanks" VALUES('00000000000000000001',1,'handed-over',4,NULL);
INSERT INTO "blanks" VALUES('00000000000000000002',1,'handed-over',4,NULL);
INSERT INTO "blanks" VALUES('00000000000000000003',1,'sent',3,NULL);
INSERT INTO "blanks" VALUES('00000000000000000004',1,'in-stock',2,NULL);
INSERT INTO "blanks" VALUES('00000000000000000005',1,'in-stock',2,NULL);
CREATE TABLE captures (
  application_id INTEGER NOT NULL PRIMARY KEY REFERENCES applications (id),
  sealed_sha256 TEXT NOT NULL UNIQUE CHECK (length(sealed_sha256) = 64),
  taken_at TEXT NOT NULL,
  purged_at TEXT,
  purged_by TEXT,
  CHECK (purged_at IS NULL AND purged_by IS NULL OR purged_at IS NOT NULL AND length(purged_by) > 0)
) STRICT;
CREATE TABLE card_change_outcomes (
  change_id INTEGER NOT NULL PRIMARY KEY REFERENCES card_changes (id),
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  at TEXT NOT NULL
) STRICT;
CREATE TABLE card_changes (
  id INTEGER NOT NULL PRIMARY KEY,
  sod_sha256 TEXT NOT NULL CHECK (length(sod_sha256) = 64),
  change TEXT NOT NULL CHECK (change IN ('lost', 'found', 'hold', 'return', 'revoke', 'destroy')),
  ground TEXT,
  until TEXT,
  reason TEXT NOT NULL CHECK (length(trim(reason)) > 0),
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  at TEXT NOT NULL,
  idempotency_key TEXT UNIQUE,
  station TEXT,
  CHECK ((ground IS NOT NULL) = (change IN ('hold', 'revoke'))),
  CHECK (until IS NULL OR change = 'hold')
) STRICT;
CREATE TABLE chips (
  serial TEXT NOT NULL PRIMARY KEY CHECK (length(serial) = 20),
  application_id INTEGER NOT NULL UNIQUE,
  key_version INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 255),
  assigned_at TEXT NOT NULL,
  UNIQUE (serial, application_id)
) STRICT;
INSERT INTO "chips" VALUES('4e258a259c08795a9e99',1,1,'2026-11-21T03:00:00Z');
INSERT INTO "chips" VALUES('c40b6fd54eebe36387da',2,1,'2026-11-21T03:00:00Z');
CREATE TABLE counters (
  kind TEXT NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL CHECK (next >= 1)
) STRICT;
INSERT INTO "counters" VALUES('stock-operation',5);
INSERT INTO "counters" VALUES('stock-batch',2);
INSERT INTO "counters" VALUES('card-change',1);
INSERT INTO "counters" VALUES('application',3);
CREATE TABLE queue_leases (
  application_id INTEGER NOT NULL PRIMARY KEY REFERENCES applications (id),
  holder TEXT NOT NULL CHECK (length(holder) > 0),
  expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE queue_requests (
  idempotency_key TEXT NOT NULL PRIMARY KEY,
  at TEXT NOT NULL
) STRICT;
CREATE TABLE queue_stops (
  name TEXT NOT NULL PRIMARY KEY CHECK (length(name) > 0),
  kind TEXT NOT NULL CHECK (kind IN ('pause', 'drain', 'tripped')),
  reason TEXT NOT NULL CHECK (length(trim(reason)) > 0),
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  at TEXT NOT NULL
) STRICT;
CREATE TABLE sessions (
  token_sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(token_sha256) = 64),
  account TEXT NOT NULL REFERENCES accounts (name),
  began_at TEXT NOT NULL,
  seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE station_version (
           version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1),
           applied_at TEXT NOT NULL
         ) STRICT;
INSERT INTO "station_version" VALUES(1,'1970-01-01T00:00:00Z');
INSERT INTO "station_version" VALUES(2,'1970-01-01T00:00:00Z');
INSERT INTO "station_version" VALUES(3,'1970-01-01T00:00:00Z');
INSERT INTO "station_version" VALUES(4,'1970-01-01T00:00:00Z');
INSERT INTO "station_version" VALUES(5,'1970-01-01T00:00:00Z');
INSERT INTO "station_version" VALUES(6,'1970-01-01T00:00:00Z');
INSERT INTO "station_version" VALUES(7,'1970-01-01T00:00:00Z');
CREATE TABLE stock_batches (
  id INTEGER NOT NULL PRIMARY KEY,
  operation INTEGER NOT NULL UNIQUE REFERENCES stock_operations (id),
  supplier TEXT NOT NULL CHECK (length(trim(supplier)) > 0),
  delivery_note TEXT NOT NULL CHECK (length(trim(delivery_note)) > 0),
  announced INTEGER NOT NULL CHECK (announced >= 1),
  UNIQUE (supplier, delivery_note)
) STRICT;
INSERT INTO "stock_batches" VALUES(1,1,'maker','N1',5);
CREATE TABLE stock_operations (
  id INTEGER NOT NULL PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  operation TEXT NOT NULL CHECK (operation IN (
    'receive', 'accept', 'count', 'send', 'acknowledge', 'spoil', 'lose', 'find', 'destroy', 'take-back', 'keys')),
  detail TEXT NOT NULL,
  idempotency_key TEXT UNIQUE,
  station TEXT
) STRICT;
INSERT INTO "stock_operations" VALUES(1,'2026-11-21T03:00:00Z','kho','receive','{"blanks":5,"delivery_note":"N1","supplier":"maker"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "stock_operations" VALUES(2,'2026-11-21T03:00:00Z','kho','count','{"delivery_note":"N1","found":null,"supplier":"maker"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "stock_operations" VALUES(3,'2026-11-21T03:00:00Z','kho','send','{"blanks":3,"receiver":"595e92faf54434646a5722d49435708389c1469c021a6f8ec567cb249662a5f8","reference":"P1"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
INSERT INTO "stock_operations" VALUES(4,'2026-11-21T03:00:00Z','kho','acknowledge','{"receiver":"595e92faf54434646a5722d49435708389c1469c021a6f8ec567cb249662a5f8","reference":"P1"}',NULL,'e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac');
CREATE TABLE stock_receipts (
  sender TEXT NOT NULL,
  reference TEXT NOT NULL,
  operation INTEGER NOT NULL UNIQUE REFERENCES stock_operations (id),
  missing INTEGER NOT NULL CHECK (missing >= 0),
  surplus INTEGER NOT NULL CHECK (surplus >= 0),
  receipt TEXT NOT NULL,
  PRIMARY KEY (sender, reference),
  FOREIGN KEY (sender, reference) REFERENCES stock_transports (sender, reference)
) STRICT;
INSERT INTO "stock_receipts" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac','P1',4,1,0,'{"document":"{\"format\":\"cccd-stock-receipt-1\",\"reference\":\"P1\",\"sender\":\"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac\",\"receiver\":\"595e92faf54434646a5722d49435708389c1469c021a6f8ec567cb249662a5f8\",\"at\":\"2026-11-21T03:00:00Z\",\"accepted\":[\"00000000000000000001\",\"00000000000000000002\"],\"missing\":[\"00000000000000000003\"],\"surplus\":[]}","signature":"304502206d4779f2b92a28c2149ff988332118cfb0d02e9022f27db5fb811b58911b63f1022100f3879f7e70e956d478e8548f01b1bb52995313eaf41ceec11a1ab8568f7ee40e"}');
CREATE TABLE stock_stations (
  station TEXT NOT NULL PRIMARY KEY CHECK (length(station) = 64),
  public_key TEXT NOT NULL
) STRICT;
CREATE TABLE stock_transports (
  sender TEXT NOT NULL CHECK (length(sender) = 64),
  reference TEXT NOT NULL CHECK (length(trim(reference)) > 0),
  direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
  other TEXT NOT NULL CHECK (length(trim(other)) > 0),
  operation INTEGER NOT NULL UNIQUE REFERENCES stock_operations (id),
  blanks INTEGER NOT NULL CHECK (blanks >= 1),
  list TEXT NOT NULL,
  PRIMARY KEY (sender, reference)
) STRICT;
INSERT INTO "stock_transports" VALUES('e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac','P1','out','595e92faf54434646a5722d49435708389c1469c021a6f8ec567cb249662a5f8',3,3,'{"document":"{\"format\":\"cccd-stock-list-1\",\"reference\":\"P1\",\"sender\":\"e14ecadbdf1a9481af4e09a5638f5c588404f8593ade149bd87eb7f5b7ec2aac\",\"receiver\":\"595e92faf54434646a5722d49435708389c1469c021a6f8ec567cb249662a5f8\",\"at\":\"2026-11-21T03:00:00Z\",\"serials\":[\"00000000000000000001\",\"00000000000000000002\",\"00000000000000000003\"],\"keys\":[]}","signature":"30440220375c2b9901d156b594a78672b09fae21dcbac6f5a33463b8f285f5fd99de573502206d9bc6e584970559a19f77a98daae4f14212dbd895c0bd3c216d76b1a5184225"}');
CREATE TABLE transitions (
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT;
INSERT INTO "transitions" VALUES('approved','prepared');
INSERT INTO "transitions" VALUES('approved','rejected');
INSERT INTO "transitions" VALUES('captured','approved');
INSERT INTO "transitions" VALUES('captured','rejected');
INSERT INTO "transitions" VALUES('checked','captured');
INSERT INTO "transitions" VALUES('checked','rejected');
INSERT INTO "transitions" VALUES('in-doubt','locked');
INSERT INTO "transitions" VALUES('in-doubt','personalising');
INSERT INTO "transitions" VALUES('in-doubt','spoiled');
INSERT INTO "transitions" VALUES('issued','delivered');
INSERT INTO "transitions" VALUES('locked','in-doubt');
INSERT INTO "transitions" VALUES('locked','issued');
INSERT INTO "transitions" VALUES('locked','spoiled');
INSERT INTO "transitions" VALUES('new','received');
INSERT INTO "transitions" VALUES('personalising','in-doubt');
INSERT INTO "transitions" VALUES('personalising','personalising');
INSERT INTO "transitions" VALUES('personalising','read-back');
INSERT INTO "transitions" VALUES('personalising','spoiled');
INSERT INTO "transitions" VALUES('prepared','queued');
INSERT INTO "transitions" VALUES('prepared','rejected');
INSERT INTO "transitions" VALUES('queued','personalising');
INSERT INTO "transitions" VALUES('queued','rejected');
INSERT INTO "transitions" VALUES('read-back','in-doubt');
INSERT INTO "transitions" VALUES('read-back','locked');
INSERT INTO "transitions" VALUES('read-back','spoiled');
INSERT INTO "transitions" VALUES('received','checked');
INSERT INTO "transitions" VALUES('received','rejected');
CREATE UNIQUE INDEX one_open_application_per_person ON applications (person_number)
  WHERE state NOT IN ('issued', 'delivered', 'rejected', 'spoiled');
CREATE INDEX applications_by_state ON applications (state, due);
CREATE TRIGGER actions_are_append_only_1 BEFORE UPDATE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER actions_are_append_only_2 BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER account_actions_are_append_only_1 BEFORE UPDATE ON account_actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER account_actions_are_append_only_2 BEFORE DELETE ON account_actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER applications_stay BEFORE DELETE ON applications
BEGIN SELECT RAISE(ABORT, 'applications are never deleted'); END;
CREATE TRIGGER applications_start_received BEFORE INSERT ON applications
WHEN NEW.state <> 'received' OR NEW.last_action <> 1
BEGIN SELECT RAISE(ABORT, 'an application starts as received'); END;
CREATE TRIGGER applications_go_forward BEFORE UPDATE ON applications
WHEN NEW.last_action < OLD.last_action OR NEW.last_action = OLD.last_action AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'an application stands where its last action left it'); END;
CREATE TRIGGER applications_keep_identity BEFORE UPDATE ON applications
WHEN OLD.id <> NEW.id OR OLD.person_number <> NEW.person_number OR OLD.content_sha256 <> NEW.content_sha256
     OR OLD.received_at <> NEW.received_at OR OLD.due <> NEW.due
     OR OLD.captured_by IS NOT NULL AND OLD.captured_by IS NOT NEW.captured_by
     OR OLD.captured_sha256 IS NOT NULL AND OLD.captured_sha256 IS NOT NEW.captured_sha256
     OR OLD.approved_by IS NOT NULL AND OLD.approved_by IS NOT NEW.approved_by
     OR OLD.chip_serial IS NOT NULL AND OLD.chip_serial IS NOT NEW.chip_serial
     OR OLD.state IN ('locked', 'issued', 'delivered') AND OLD.sod_sha256 IS NOT NEW.sod_sha256
BEGIN SELECT RAISE(ABORT, 'person, content, officers, chip and the card of a locked chip do not change'); END;
CREATE TRIGGER chips_stay BEFORE DELETE ON chips
BEGIN SELECT RAISE(ABORT, 'chips are never deleted'); END;
CREATE TRIGGER chips_keep_identity BEFORE UPDATE ON chips
BEGIN SELECT RAISE(ABORT, 'a chip is never reassigned'); END;
CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'accounts are locked, never deleted'); END;
CREATE TRIGGER audit_is_append_only_1 BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER audit_heads_are_append_only_1 BEFORE UPDATE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
CREATE TRIGGER audit_heads_are_append_only_2 BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
CREATE INDEX blank_events_of_operation ON blank_events (operation);
CREATE INDEX blanks_by_state ON blanks (state, serial);
CREATE INDEX blanks_by_batch ON blanks (batch_id, state);
CREATE TRIGGER blank_events_are_append_only_1 BEFORE UPDATE ON blank_events
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blank_events_are_append_only_2 BEFORE DELETE ON blank_events
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_operations_are_append_only_1 BEFORE UPDATE ON stock_operations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_operations_are_append_only_2 BEFORE DELETE ON stock_operations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_batches_are_append_only_1 BEFORE UPDATE ON stock_batches
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_batches_are_append_only_2 BEFORE DELETE ON stock_batches
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_transports_are_append_only_1 BEFORE UPDATE ON stock_transports
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_transports_are_append_only_2 BEFORE DELETE ON stock_transports
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_receipts_are_append_only_1 BEFORE UPDATE ON stock_receipts
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_receipts_are_append_only_2 BEFORE DELETE ON stock_receipts
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blank_keys_are_append_only_1 BEFORE UPDATE ON blank_keys
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blank_keys_are_append_only_2 BEFORE DELETE ON blank_keys
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_stations_are_append_only_1 BEFORE UPDATE ON stock_stations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER stock_stations_are_append_only_2 BEFORE DELETE ON stock_stations
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER blanks_stay BEFORE DELETE ON blanks
BEGIN SELECT RAISE(ABORT, 'blanks are never deleted'); END;
CREATE TRIGGER blanks_go_forward BEFORE UPDATE ON blanks
WHEN NEW.last_event <= OLD.last_event OR NEW.serial <> OLD.serial OR NEW.batch_id <> OLD.batch_id AND NEW.state <> 'expected'
     OR OLD.application_id IS NOT NULL AND NEW.application_id IS NOT OLD.application_id
BEGIN SELECT RAISE(ABORT, 'a blank stands where its last event left it'); END;
CREATE TRIGGER captures_stay BEFORE DELETE ON captures
BEGIN SELECT RAISE(ABORT, 'what was captured stays noted'); END;
CREATE TRIGGER captures_are_purged_once BEFORE UPDATE ON captures
  WHEN OLD.purged_at IS NOT NULL OR NEW.purged_at IS NULL OR OLD.application_id <> NEW.application_id
    OR OLD.sealed_sha256 <> NEW.sealed_sha256 OR OLD.taken_at <> NEW.taken_at
BEGIN SELECT RAISE(ABORT, 'what was captured stays noted'); END;
CREATE INDEX card_changes_of_card ON card_changes (sod_sha256, id);
CREATE TRIGGER card_changes_are_append_only_1 BEFORE UPDATE ON card_changes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER card_changes_are_append_only_2 BEFORE DELETE ON card_changes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER card_change_outcomes_are_append_only_1 BEFORE UPDATE ON card_change_outcomes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER card_change_outcomes_are_append_only_2 BEFORE DELETE ON card_change_outcomes
BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE INDEX applications_by_person ON applications (person_number, id);
COMMIT;