import * as pulumi from "@pulumi/pulumi";
import { cases } from "../../../policy-pack/cases";
import { awsxCases } from "./awsx";

const title = new pulumi.Config().require("case");
const chosen = [...cases, ...awsxCases].find((one) => one.title === title);
if (!chosen) throw new Error(`no case is called ${JSON.stringify(title)}`);
chosen.program();
