"""Chinese: for whom, what was tried to break it, tables of journals, how to cite."""

from __future__ import annotations

__all__ = ["TEXT"]

TEXT = {
    "whom title": "异质性分析：对哪些企业有效",
    "whom": "{firms} 家企业的效应，每家企业的预测均不使用其所在聚类的数据，"
    "并以其自身数据修正（{method}）。"
    "各类企业的平均效应附聚类稳健标准误；比较的是该特征及与之相伴的其他方面都不同的企业。",
    "failed": "此部分从略：{why}",
    "failed whom": "此处无法讨论企业异质性：{why}",
    "unexpected": "意外错误 {kind}（{why}）",
    "surface title": "全部企业按效应大小排序",
    "surface": "每条路径一幅小图；色带为每家企业各自的置信区间。若某路径的色带处处覆盖同一水平线，"
    "则该效应可能对所有企业相同。",
    "surface alt": "全部企业按效应大小排序及其区间：{paths}",
    "groups title": "按{trait}分组",
    "groups": "各组企业沿每条路径的平均效应。{tests}",
    "groups differ": "按本表全部检验调整后，组间存在显著差异的路径：{paths}。",
    "groups alike": "没有路径显示出显著的组间差异。",
    "groups note": "括号内为聚类稳健标准误（聚类于{clusters}）。末列为各组效应相等的 p 值，"
    "按本表全部路径和检验作 Romano–Wolf 调整。",
    "groups alt": "按{trait}分组的平均效应及联合置信区间：{paths}",
    "groups p": "组间相等 p 值",
    "curve title": "随{trait}的变化",
    "curve": "该特征取各值的企业的平均效应；置信带覆盖整条曲线。",
    "curve alt": "效应随{trait}的变化及同时置信带：{paths}",
    "curve note": "从略：{why}",
    "curve question": "How does each effect change with {trait}?",
    "no variation": "p 值：不随特征变化",
    "no trend": "p 值：无线性趋势",
    "claims title": "对文献论断的检验",
    "claims": "每个论断都对每条路径检验。判断在 5% 水平上对全部问题和路径联合成立（Romano–Wolf）；"
    "“无法判断”不是没有差异的证据。",
    "claims alt": "各论断、各路径的差异及区间",
    "calibration title": "预测的差异是否真实存在",
    "calibration": "由部分聚类学得的效应曲面预测其余聚类：斜率大于零，"
    "说明预测获益更多的企业确实获益更多；"
    "斜率等于一，说明差异与预测一样大。p 值按路径作 Holm 调整。",
    "calibration alt": "留出聚类上的预测效应与实际效应：{paths}",
    "shap title": "预测由哪些特征决定",
    "shap": "每条路径上各特征 SHAP 绝对值的均值，单位与效应相同；图为{path}。"
    "SHAP 值说明曲面用什么来预测，而非什么导致效应不同。",
    "shap alt": "{path}：各特征 SHAP 绝对值的均值",
    "shap note": "{path}：所分解的模型复现曲面的 R² 为 {r2}。",
    "swarm title": "单个企业的预测由什么决定",
    "swarm": "每个点代表一家企业的一个特征。",
    "swarm alt": "{path}：每家企业各特征的 SHAP 值",
    "policy title": "应当优先支持哪些企业",
    "policy": "在规则未见过的聚类上，按规则行事的每企业价值；每单位处理的成本为 {cost}，"
    "收益为对企业自身的效应（{path}）。{verdict}",
    "policy yes": "按决策树选择比最优的统一方案每企业多 {amount}（{span}；单侧 p 值 {p}）。",
    "policy no": "未能证明决策树优于最优的统一方案：每企业差异 {amount}（{span}；单侧 p 值 {p}）。",
    "policy alt": "决策树及各方案的每企业价值",
    "rules title": "决策规则",
    "rules": "由全部企业学得；各叶节点的效应来自同一批企业，偏乐观。"
    "规则中的特征不一定是效应差异的原因。",
    "treat": "处理",
    "do not treat": "不处理",
    "treat share": "处理 {share}%",
    "broken title": "证伪与稳健性检验",
    "broken": "共 {n} 项检验：{counts}。未能进行的检验不算通过。",
    "broken fails": "未通过的检验：{names}。解读估计值时必须考虑这一点。",
    "broken english": "“理由与数字”一栏为程序原文（英文），数字与英文版相同。",
    "count": "{verdict} {n} 项",
    "more rows": "仅列出 {n} 行中的前 {shown} 行。",
    "finding alt": "{question}{reason}",
    "journal note": "括号内为{errors}。",
    "note CR1": "聚类于{clusters}的聚类稳健标准误",
    "note CV3": "聚类于{clusters}的聚类刀切标准误（CV3）",
    "note t": " t 统计量（{errors}）",
    "note interval": " {level}% 置信区间（{errors}）",
    "stars note": "{stars}。",
    "star": "{mark} p < {level}",
    "stats rows": "观测值",
    "stats firms": "企业数",
    "stats clusters": "聚类数（{clusters}）",
    "stats mean": "被解释变量均值",
    "stats effect": "{what}固定效应",
    "Yes": "是",
    "No": "否",
    "cite title": "如何引用",
    "cite": "正文写法：“{sentence}”",
    "cite sentence": "本文使用 causalgreen {version}（{method}；随机种子 {seed}）"
    "估计{treatment}影响{outcome}"
    "的各条路径，采用{errors}。",
    "cite software": "软件：{authors}（{year}）。*causalgreen*，版本 {version}。",
    "cite methods": "本页数字所依据的方法：",
    "authors": "The causalgreen team",
    "about paths": "交叉拟合残差：{source}",
    "about stack": "学习器堆叠：{source}",
    "about surface": "企业层面的效应：{source}",
    "about groups": "去偏效应的平均：{source}",
    "about tests": "多重检验：{source}",
    "about policy": "策略树：{source}",
    "about shap": "SHAP 值：{source}",
    "about calibration": "校准：{source}",
    "about sensitivity": "对遗漏混杂因素的敏感性：{source}",
    "about refuters": "识别与证伪：{source}",
    "manifest title": "研究清单",
    "manifest": "数字所依赖的一切；按同一清单重新运行，得到相同的数字。",
}
