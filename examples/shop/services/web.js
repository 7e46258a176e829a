"use strict";
// Takes orders.
const { query } = require("./database");
const { serve } = require("./server");

const flags = JSON.parse(process.env.FEATURE_FLAGS);

serve(async () => {
  const [order] = await query("INSERT INTO shop.orders (placed_at) VALUES (now()) RETURNING id");
  return { order: Number(order.id), ...flags };
});
