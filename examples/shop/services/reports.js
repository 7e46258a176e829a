"use strict";
// Reports to a partner; holds a key of its own and no database.
const { serve } = require("./server");

const signedIn = Boolean(process.env.PARTNER_KEY);

serve(() => Promise.resolve({ signedIn }));
