"use strict";
// Ships orders.
const { query } = require("./database");
const { serve } = require("./server");

const flags = JSON.parse(process.env.FEATURE_FLAGS);

serve(async () => {
  const [open] = await query("SELECT count(*) AS orders FROM shop.orders");
  return { open: Number(open.orders), ...flags };
});
