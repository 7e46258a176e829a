"use strict";
require("../../local/register.cjs");
