import * as pulumi from "@pulumi/pulumi";
import { createRecycler } from "../../handler";
import { settingsWith, secretName } from "./fake-aws";
describe("the recycler's archive", () => {
  it("serialises", async () => {
    const settings = settingsWith([{ service: "api", secrets: [secretName] }]);
    const s = await pulumi.runtime.serializeFunction(() => createRecycler(settings), { isFactoryFunction: true });
    require("fs").writeFileSync("/tmp/out.js", s.text);
    console.log(s.text.length, s.exportName, s.containsSecrets);
  });
});
